/* Arithmetic on two 16-bit lanes, beside what mt_simd.h has. */
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

#else

static inline uint32_t mt_subtract_lanes(uint32_t a, uint32_t b)
{
    return mt_pack((int32_t)(a - b), (int32_t)((a >> 16) - (b >> 16)));
}

#endif

#endif
