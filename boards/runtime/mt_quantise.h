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

/* The scale of one of four channels. */
static inline mt_scale mt_channel_scale(const mt_channels *channels, uint32_t index)
{
    mt_scale scale = {channels->multipliers[index], channels->shifts[index].left, channels->shifts[index].right};
    return scale;
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

/* The lower end of a value range in each of four bytes, and the upper one. */
typedef struct {
    uint32_t lowest;
    uint32_t highest;
} mt_bytes_range;

static inline mt_bytes_range mt_bytes_range_of(const mt_output *output)
{
    mt_bytes_range range = {(uint8_t)output->lowest * 0x01010101u, (uint8_t)output->highest * 0x01010101u};
    return range;
}

/* Clamp each of four signed bytes. */
static inline uint32_t mt_clamp_bytes(uint32_t bytes, const mt_bytes_range *range)
{
    return mt_lower_bytes(mt_higher_bytes(bytes, range->lowest), range->highest);
}

/* Saturate a value to int8 and shift it in as the last of four bytes. */
static inline uint32_t mt_append_byte(uint32_t bytes, int32_t value)
{
    return (uint32_t)mt_saturate_8(value) << 24 | bytes >> 8;
}

/* Requantise `count` sums of one channel to outputs `step` bytes apart. */
static inline void mt_store_channel(const int32_t *sums, uint32_t count, mt_scale scale, const mt_output *parameters,
                                    int8_t *output, uint32_t step)
{
    const mt_output to = *parameters; /* a copy: stores through int8_t may alias the original */
    const mt_bytes_range range = mt_bytes_range_of(&to);
    for (; count >= 4; count -= 4, sums += 4) {
        uint32_t bytes = 0;
#pragma GCC unroll 4
        for (uint32_t i = 0; i < 4; i++) {
            bytes = mt_append_byte(bytes, mt_requantise(sums[i], scale) + to.zero_point);
        }
        bytes = mt_clamp_bytes(bytes, &range);
#pragma GCC unroll 4
        for (uint32_t i = 0; i < 4; i++) {
            *output = (int8_t)(bytes >> (8 * i));
            output += step;
        }
    }
    for (; count > 0; count--) {
        *output = mt_to_output(*sums++, scale, &to);
        output += step;
    }
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
