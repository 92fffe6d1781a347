/* The MLPerf Tiny command protocol and our extensions of it (docs/protocol.md). */
#ifndef MT_PROTOCOL_H
#define MT_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

/* Reported by `identity%`; to be raised when a command or reply changes its meaning. */
#define MT_PROTOCOL_VERSION 1U

/* What a command does; `arguments` is the text behind its name, blanks skipped. False: the arguments make no sense. */
typedef bool (*mt_handler)(const char *arguments);

typedef struct {
    const char *name;
    mt_handler run;
} mt_command;

/* The commands of the benchmark's protocol and ours; each table ends with a null name. */
extern const mt_command mt_eembc_commands[];
extern const mt_command mt_own_commands[];

/* Read an unsigned number and skip it and the blanks around it; at the end of the text `value` keeps its default.
 * False: something else is there, or the number exceeds 32 bits. */
bool mt_parse_unsigned(const char **text, uint32_t *value);

/* If `text` begins with `word`, followed by a blank or the end: give what follows, blanks skipped; else null. */
const char *mt_after_word(const char *text, const char *word);

/* Write `m-ready`. */
void mt_say_ready(void);

/* Answer commands for ever. */
void mt_protocol_serve(void);

#endif
