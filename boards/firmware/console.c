#include "console.h"

#include <stdarg.h>

#include "clock.h"
#include "crc32.h"
#include "port.h"

/* The host waits for `m-ready` before its next command, so the buffer only bridges the handling of single bytes. */
#define RING_BYTES 64U

static volatile uint8_t ring[RING_BYTES];
static volatile uint32_t written; /* by the interrupt only */
static volatile uint32_t taken;   /* by the main loop only */

void mt_console_received(uint8_t byte)
{
    if (written - taken < RING_BYTES) {
        ring[written % RING_BYTES] = byte;
        written = written + 1U;
    }
}

char mt_console_get(void)
{
    while (written == taken) {
        mt_micros(); /* keeps the time base from missing a wrap of the cycle counter */
        /* With interrupts masked, WFI still ends when one is pending: none can slip in between test and sleep. */
        __asm volatile("cpsid i" ::: "memory");
        if (written == taken) {
            __asm volatile("wfi");
        }
        __asm volatile("cpsie i" ::: "memory");
    }
    char byte = (char)ring[taken % RING_BYTES];
    taken = taken + 1U;
    return byte;
}

static uint32_t remainder;      /* of the exchange that is going on */
static uint32_t last_remainder; /* of the one before */

static void put(char character)
{
    remainder = mt_crc32_of_byte(remainder, (uint8_t)character);
    mt_port_console_put(character);
}

void mt_console_begin_exchange(const char *command)
{
    last_remainder = remainder;
    remainder = MT_CRC32_START;
    while (*command != '\0') {
        remainder = mt_crc32_of_byte(remainder, (uint8_t)*command++);
    }
}

uint32_t mt_console_last_crc(void)
{
    return ~last_remainder;
}

static void put_text(const char *text)
{
    while (*text != '\0') {
        put(*text++);
    }
}

static void put_unsigned(uint32_t value, uint32_t min_digits)
{
    char digits[11];
    char *first = &digits[10];
    *first = '\0';
    while (value != 0U || min_digits != 0U) {
        *--first = (char)('0' + value % 10U);
        value /= 10U;
        min_digits -= min_digits != 0U;
    }
    put_text(first);
}

void mt_say_hex(const uint8_t *bytes, uint32_t count)
{
    static const char digits[] = "0123456789abcdef";
    for (uint32_t i = 0; i < count; i++) {
        put(digits[bytes[i] >> 4]);
        put(digits[bytes[i] & 15U]);
    }
}

static void put_word(uint32_t word)
{
    const uint32_t big_endian = __builtin_bswap32(word);
    mt_say_hex((const uint8_t *)&big_endian, sizeof big_endian);
}

void mt_say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            put(*format);
            continue;
        }
        format++;
        if (*format == 's') {
            put_text(va_arg(arguments, const char *));
        } else if (*format == 'u') {
            put_unsigned(va_arg(arguments, uint32_t), 1U);
        } else {
            put_word(va_arg(arguments, uint32_t));
        }
    }
    va_end(arguments);
}

void mt_say_decimal(float value)
{
    const float greatest = 4294967040.0F; /* the last float below 2^32 */
    if (value < 0.0F) {
        put('-');
        value = -value;
    }
    if (!(value <= greatest)) {
        value = greatest;
    }
    const uint32_t whole = (uint32_t)value;
    put_unsigned(whole, 1U);
    put('.');
    put_unsigned((uint32_t)((value - (float)whole) * 1000000.0F), 6U);
}
