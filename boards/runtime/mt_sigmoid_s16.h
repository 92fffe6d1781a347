/* The logistic function of a magnitude by straight lines between the entries of a table. */
#ifndef MT_SIGMOID_S16_H
#define MT_SIGMOID_S16_H

#include "mt_kernels_s16.h"

#define MT_LAST_LINE 254u

/* Input in units of 1/12288, negative as it is. */
static inline int32_t mt_sigmoid_argument(int16_t input, int32_t multiplier, uint32_t right)
{
    return (input * multiplier + (int32_t)(1u << right >> 1)) >> right;
}

/*
 * 2^bits times the table at magnitude / 2^bits, `saturated` beyond the last line; which it is costs the same.
 */
static inline uint32_t mt_sigmoid_line(const uint16_t *table, uint32_t magnitude, uint32_t bits, uint32_t saturated)
{
    const uint32_t whole = magnitude >> bits;
    const uint32_t line = whole > MT_LAST_LINE ? MT_LAST_LINE : whole;
    const uint32_t rest = magnitude & ((1u << bits) - 1);
    const uint32_t first = table[line], second = table[line + 1];
    const uint32_t inside = (first << bits) + rest * (second - first);
    const uint32_t is_beyond = 0u - (whole > MT_LAST_LINE);
    return (saturated & is_beyond) | (inside & ~is_beyond);
}

#endif
