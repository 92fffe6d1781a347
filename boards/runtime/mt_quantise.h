/*
 * Requantisation, free of branches: the same instructions run whatever the weights and scales are.
 *
 * Source: TensorFlow Lite 8-bit quantisation specification; rounding as the reference interpreter does it: the
 * product with the 31-bit multiplier rounds half up, the shift that follows rounds half away from zero.
 */
#ifndef MT_QUANTISE_H
#define MT_QUANTISE_H

#include "mt_kernels.h"
#include "mt_simd.h"

/*
 * value * multiplier / 2^31 * 2^(left - 1) / 2^(right - 1), with left >= 1 and 1 <= right <= 31; the caller's
 * constants guarantee that (value << left) + (1 << right >> 1) fits into 32 bits. The spare bit of each shift
 * makes rounding exact for all of them: doubled and lowered by one when negative, a value rounds half away from
 * zero by adding half a unit, no shift included.
 */
static inline int32_t mt_requantise(int32_t value, mt_scale scale)
{
    int32_t product = mt_multiply_high((int32_t)((uint32_t)value << scale.left), scale.multiplier);
    int32_t half = (int32_t)(1u << scale.right >> 1);
    return (product * 2 + (product >> 31) + half) >> scale.right;
}

static inline int32_t mt_clamp(int32_t value, int32_t lowest, int32_t highest)
{
    value = value < lowest ? lowest : value;
    return value > highest ? highest : value;
}

/* Requantised, moved to the output's zero point and clamped to the activation's range. */
static inline int8_t mt_to_output(int32_t value, mt_scale scale, const mt_output *output)
{
    return (int8_t)mt_clamp(mt_requantise(value, scale) + output->zero_point, output->lowest, output->highest);
}

/*
 * One value of a channel as an unsigned byte of `mt_bytes_output`, with the scale of `mt_channels`.
 *
 * The rounding half and the zero point share one addend of the high-word product; half away from zero means one
 * less for negative values, which the upper word of value * right is: -1 for them, 0 for others or right = 0 (where
 * nothing is rounded). The constants guarantee |value << left| * right <= 2^32.
 */
static inline uint32_t mt_channel_byte(int32_t value, int32_t multiplier, uint32_t left, uint32_t right,
                                       uint32_t offset)
{
    int32_t addend = (int32_t)(offset << right >> 1);
    int32_t shifted = (int32_t)((uint32_t)value << left);
    addend = mt_multiply_high_add(shifted, (int32_t)right, addend);
    return mt_saturate_u8(mt_multiply_high_round_add(shifted, multiplier, addend) >> right);
}

/* The same for channel `index` of a group. */
static inline uint32_t mt_group_byte(int32_t value, const mt_channels *channels, uint32_t index, uint32_t offset)
{
    return mt_channel_byte(value, channels->multipliers[index], channels->shifts[index].left,
                           channels->shifts[index].right, offset);
}

/* The same for the doubled sum of row `index` of a group, as a signed byte; offset is 2 * zero point + 1. All rows
 * round when they are shifted, so that the sign alone is the one less. */
static inline uint32_t mt_row_byte(int32_t doubled, const mt_rows *rows, uint32_t index, int32_t offset)
{
    const uint32_t right = rows->rights[index];
    const int32_t addend = (int32_t)((uint32_t)offset << right) + (doubled >> 31);
    const int32_t product = mt_multiply_high_round_add(doubled, rows->multipliers[index], addend);
    return (uint8_t)mt_clamp(product >> right >> 1, -128, 127);
}

/* Saturate four bytes of `mt_bytes_output` at the lower end as well and give the values stored. */
static inline uint32_t mt_bytes_to_output(uint32_t bytes, const mt_bytes_output *output)
{
    return mt_add_bytes(mt_subtract_bytes(bytes, output->excess), output->lowest);
}

/* Keeps the compiler from moving loads of one row's constants before the arithmetic of the row before: there
 * are too few registers for that. */
#define MT_SCHEDULING_BARRIER() __asm__ volatile("" ::: "memory")

/* Store the first `count` of four bytes, all if there are more. */
static inline void mt_store_bytes(int8_t *output, uint32_t bytes, int32_t count)
{
    if (count >= 4) {
        memcpy(output, &bytes, 4);
        return;
    }
    for (; count > 0; count--) {
        *output++ = (int8_t)bytes;
        bytes >>= 8;
    }
}

/* A word's sums of two rows: `ab` of 256 * a + b, `b` of b; gives that of a. */
static inline int32_t mt_upper(int32_t ab, int32_t b)
{
    return (int32_t)((uint32_t)ab - (uint32_t)b) >> 8;
}

#endif
