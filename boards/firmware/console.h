/* The serial console: bytes in, text out. */
#ifndef MT_CONSOLE_H
#define MT_CONSOLE_H

#include <stdint.h>

/* Called by the port's receive interrupt. A byte that finds the buffer full is dropped. */
void mt_console_received(uint8_t byte);

/* Give the next byte; the core sleeps until there is one. */
char mt_console_get(void);

/* Write a text with `%s` (string), `%u` (uint32_t, decimal) and `%x` (uint32_t, eight hex digits) replaced. */
void mt_say(const char *format, ...);

/* Take the CRC-32 of a command and of all that is written from now on. */
void mt_console_begin_exchange(const char *command);

/* The CRC-32 of the exchange before the one that goes on. */
uint32_t mt_console_last_crc(void);

/* Write bytes as lower-case hex digits. */
void mt_say_hex(const uint8_t *bytes, uint32_t count);

/* Write a number with six decimals, truncated; beyond +-4.29e9 the nearest representable bound. */
void mt_say_decimal(float value);

#endif
