/* Time since boot. */
#ifndef MT_CLOCK_H
#define MT_CLOCK_H

#include <stdint.h>

/* Microseconds of core clock since boot, modulo 2^32; time asleep counts only where the cycle counter runs then. To
 * be called at least once per 2^32 cycles. */
uint32_t mt_micros(void);

#endif
