/* Waiting for bytes, asleep as far as possible. */
#ifndef MT_LOADER_WAIT_H
#define MT_LOADER_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#define MT_FOREVER UINT32_MAX

/* Mask interrupts for good: they only wake the core. */
void mt_wait_init(void);

/* Give the next byte. False: none came within `limit_ms`. */
bool mt_wait_byte(uint8_t *byte, uint32_t limit_ms);

#endif
