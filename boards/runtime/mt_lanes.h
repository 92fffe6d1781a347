/* Arithmetic on two 16-bit lanes, and on values of 16 bits, beside what mt_simd.h has. */
#ifndef MT_LANES_H
#define MT_LANES_H

#include "mt_simd.h"

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/* a - b in each lane; each wraps. */
static inline uint32_t mt_subtract_lanes(uint32_t a, uint32_t b)
{
    uint32_t result;
    __asm__("ssub16 %0, %1, %2" : "=r"(result) : "r"(a), "r"(b) : "cc");
    return result;
}

/* Clamp to [-32768, 32767]. */
static inline int32_t mt_saturate_s16(int32_t value)
{
    int32_t result;
    __asm__("ssat %0, #16, %1" : "=r"(result) : "r"(value));
    return result;
}

#else

static inline uint32_t mt_subtract_lanes(uint32_t a, uint32_t b)
{
    return mt_pack((int32_t)(a - b), (int32_t)((a >> 16) - (b >> 16)));
}

static inline int32_t mt_saturate_s16(int32_t value)
{
    value = value < -32768 ? -32768 : value;
    return value > 32767 ? 32767 : value;
}

#endif

#endif
