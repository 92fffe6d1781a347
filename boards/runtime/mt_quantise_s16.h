/*
 * Scaling for int16 activations, free of branches: the same instructions run whatever the weights and scales are.
 *
 * Integers of 32 bits are rounded twice, as in the 8-bit specification: the product with the 31-bit multiplier half
 * up, the shift half away from zero. Sums of 64 bits take the upper 15 bits of the multiplier and are rounded once,
 * half up.
 */
#ifndef MT_QUANTISE_S16_H
#define MT_QUANTISE_S16_H

#include "mt_kernels_s16.h"

/* value / 2^right, rounded half away from zero, for any value and right <= 31. */
static inline int32_t mt_divide_by_power(int32_t value, uint32_t right)
{
    const uint32_t mask = (1u << right) - 1;
    const uint32_t rest = (uint32_t)value & mask;
    const uint32_t half = (mask >> 1) + ((uint32_t)value >> 31);
    return (value >> right) + (rest > half);
}

/* value * factor; the constants guarantee that value * 2^left fits into 32 bits, or that its wrapping is meant. */
static inline int32_t mt_scaled(int32_t value, mt_factor factor)
{
    const int32_t shifted = (int32_t)((uint32_t)value << factor.left);
    const int32_t product = (int32_t)(((int64_t)shifted * factor.multiplier + (1 << 30)) >> 31);
    return mt_divide_by_power(product, factor.right);
}

/*
 * sum * multiplier / 2^32 / 2^right rounded half up, its lower 32 bits; right <= 14. The constants guarantee that the
 * product fits into 63 bits unless right is 0, where only its lower 64 bits matter.
 */
static inline int32_t mt_scaled_wide(int64_t sum, uint32_t multiplier, uint32_t right)
{
    const uint64_t half = (uint64_t)(1u << right >> 1) << 32 | (uint32_t)(0x80000000u << right);
    return (int32_t)(((uint64_t)sum * multiplier + half) >> 32) >> right;
}

static inline int16_t mt_clamp_s16(int32_t value, mt_range_s16 range)
{
    const int32_t lowest = range.lowest, highest = range.highest;
#if defined(__thumb2__) /* compilers make branches of it */
    __asm__("cmp %0, %1\n\tit lt\n\tmovlt %0, %1\n\tcmp %0, %2\n\tit gt\n\tmovgt %0, %2"
            : "+r"(value)
            : "r"(lowest), "r"(highest)
            : "cc");
#else
    value = value < lowest ? lowest : value;
    value = value > highest ? highest : value;
#endif
    return (int16_t)value;
}

static inline int64_t mt_bias(const mt_channel_s16 *channel)
{
    return (int64_t)((uint64_t)(uint32_t)channel->bias_high << 32 | channel->bias_low);
}

/* What a channel stores for a sum of 64 bits, bias included. */
static inline int16_t mt_wide_value(int64_t sum, const mt_channel_s16 *channel, mt_range_s16 range)
{
    return mt_clamp_s16(mt_scaled_wide(sum, channel->multiplier, channel->right), range);
}

/* The same for a sum of 32 bits, which wraps. */
static inline int16_t mt_narrow_value(int64_t sum, const mt_channel_s16 *channel, mt_range_s16 range)
{
    const mt_factor factor = {(int32_t)channel->multiplier, channel->left, channel->right};
    return mt_clamp_s16(mt_scaled((int32_t)sum, factor), range);
}

#endif
