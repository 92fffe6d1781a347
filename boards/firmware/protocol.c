#include "protocol.h"

#include "console.h"

/* `db ` and 128 bytes of data in hex is the longest sensible command. */
#define COMMAND_CHARACTERS 264U

static const char *skip_blanks(const char *text)
{
    while (*text == ' ') {
        text++;
    }
    return text;
}

bool mt_parse_unsigned(const char **text, uint32_t *value)
{
    const char *at = skip_blanks(*text);
    if (*at == '\0') {
        return true;
    }
    uint32_t number = 0U;
    while (*at >= '0' && *at <= '9') {
        const uint32_t digit = (uint32_t)*at++ - '0';
        if (number > (UINT32_MAX - digit) / 10U) {
            return false;
        }
        number = 10U * number + digit;
    }
    if (*at != ' ' && *at != '\0') {
        return false;
    }
    *value = number;
    *text = skip_blanks(at);
    return true;
}

const char *mt_after_word(const char *text, const char *word)
{
    while (*word != '\0' && *text == *word) {
        text++;
        word++;
    }
    return *word == '\0' && (*text == ' ' || *text == '\0') ? skip_blanks(text) : 0;
}

void mt_say_ready(void)
{
    mt_say("m-ready\n");
}

/* True: the table knows the command, which has been answered. */
static bool answered_by(const mt_command *command, const char *text)
{
    for (; command->name != 0; command++) {
        const char *arguments = mt_after_word(text, command->name);
        if (arguments != 0) {
            if (!command->run(arguments)) {
                mt_say("e-[Bad arguments: %s]\n", text);
            }
            return true;
        }
    }
    return false;
}

static void answer(const char *text)
{
    mt_console_begin_exchange(text);
    if (*text != '\0' && !answered_by(mt_eembc_commands, text) && !answered_by(mt_own_commands, text)) {
        mt_say("e-[Unknown command: %s]\n", text);
    }
    mt_say_ready();
}

void mt_protocol_serve(void)
{
    static char command[COMMAND_CHARACTERS];
    uint32_t length = 0U;
    for (;;) {
        const char character = mt_console_get();
        if (character == '%') {
            if (length < COMMAND_CHARACTERS) {
                command[length] = '\0';
                answer(command);
            } else {
                mt_say("e-[Command too long: at most %u characters]\n", COMMAND_CHARACTERS - 1U);
                mt_say_ready();
            }
            length = 0U;
        } else if (character != '\r' && character != '\n') {
            if (length < COMMAND_CHARACTERS) {
                command[length++] = character;
            }
        }
    }
}
