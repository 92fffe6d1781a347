/*
 * 16-bit lanes put together anew, in an instruction each where there are DSP instructions.
 */
#ifndef MT_PIXELS_H
#define MT_PIXELS_H

#include "mt_simd.h"

/* (a.low, b.low) */
static inline uint32_t mt_low_lanes(uint32_t a, uint32_t b)
{
#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP
    uint32_t result;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(result) : "r"(a), "r"(b));
    return result;
#else
    return (a & 0xffffu) | b << 16;
#endif
}

/* (a.high, b.high) */
static inline uint32_t mt_high_lanes(uint32_t a, uint32_t b)
{
#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP
    uint32_t result;
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(result) : "r"(b), "r"(a));
    return result;
#else
    return a >> 16 | (b & 0xffff0000u);
#endif
}

/* Four channels of two pixels, a byte each, to words (a, b): channel i to lanes[i * pitch]. Interleaved to a0 a1 b0 b1
 * first, sign extension gives two words in an instruction each. */
static inline void mt_widen_pixels(uint32_t a, uint32_t b, uint32_t *lanes, uint32_t pitch)
{
    const uint32_t low = mt_low_lanes(a, b), high = mt_high_lanes(a, b);
    lanes[0] = mt_bytes_0_2(low);
    lanes[pitch] = mt_bytes_1_3(low);
    lanes[2 * pitch] = mt_bytes_0_2(high);
    lanes[3 * pitch] = mt_bytes_1_3(high);
}

#endif
