/* Fixed-point functions that more than one kernel needs; the specification's reference has them bit for bit. */
#ifndef MT_FIXED_POINT_H
#define MT_FIXED_POINT_H

#include <stdint.h>

/* a * b / 2^31, rounded half up. */
static inline int32_t mt_fixed_multiply(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

/* 1 / d for d in [1/2, 1) with 31 fractional bits, as half the quotient: three steps of Newton from 48/17 -
 * 32/17 d. Newton's iterate has 29 fractional bits. */
static inline int32_t mt_half_reciprocal(int32_t d)
{
    int32_t x = 1515870810 + mt_fixed_multiply(d, -1010580540);
    for (int step = 0; step < 3; step++) {
        x += mt_fixed_multiply(x, (1 << 29) - mt_fixed_multiply(d, x)) * 4;
    }
    return x < (1 << 30) ? x * 2 : INT32_MAX;
}

/* value * 2^shift, at most INT32_MAX; value >= 0. */
static inline int32_t mt_shift_saturated(int32_t value, uint32_t shift)
{
    int64_t shifted = (int64_t)value << shift;
    return shifted > INT32_MAX ? INT32_MAX : (int32_t)shifted;
}

/* value / 2^shift, rounded half away from zero; shift >= 1. */
static inline int32_t mt_divide_by_power(int32_t value, uint32_t shift)
{
    return (int32_t)(((int64_t)value + (value >> 31) + ((int64_t)1 << (shift - 1))) >> shift);
}

#endif
