/*
 * The logistic function and tanh with 15 fractional bits, free of branches: straight lines between 256 values of the
 * logistic function, 1/24 apart, with 16 fractional bits. Arguments are in units of 1/12288.
 */
#ifndef MT_SIGMOID_S16_H
#define MT_SIGMOID_S16_H

#include "mt_kernels_s16.h"

#define MT_LAST_LINE 254u

/* Bits of a position between two entries; tanh(x) = 2 * logistic(2 * x) - 1: there, an entry is half as far. */
#define MT_LOGISTIC_BITS 9u
#define MT_TANH_BITS 8u

/* A stored value in units of 1/12288. */
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

static inline int16_t mt_logistic_value(const uint16_t *table, int32_t argument)
{
    const uint32_t half = 1u << MT_LOGISTIC_BITS;
    const uint32_t is_below = (uint32_t)(argument >> 31); /* all bits or none */
    const uint32_t magnitude = ((uint32_t)argument ^ is_below) - is_below;
    const uint32_t value = mt_sigmoid_line(table, magnitude, MT_LOGISTIC_BITS, 0x7fffu << (MT_LOGISTIC_BITS + 1));
    const uint32_t above = value + half, below = (1u << (16 + MT_LOGISTIC_BITS)) - value + half - 1;
    return (int16_t)(((below & is_below) | (above & ~is_below)) >> (MT_LOGISTIC_BITS + 1));
}

static inline int16_t mt_tanh_value(const uint16_t *table, int32_t argument)
{
    const int32_t one_half = 1 << (15 + MT_TANH_BITS), rounding = 1 << (MT_TANH_BITS - 1);
    const int32_t is_below = argument >> 31; /* all bits or none */
    const uint32_t magnitude = (uint32_t)((argument ^ is_below) - is_below);
    const int32_t value = (int32_t)mt_sigmoid_line(table, magnitude, MT_TANH_BITS, 0xffffu << MT_TANH_BITS);
    const int32_t above = value - one_half + rounding, below = one_half - value + rounding - 1;
    return (int16_t)(((below & is_below) | (above & ~is_below)) >> MT_TANH_BITS);
}

#endif
