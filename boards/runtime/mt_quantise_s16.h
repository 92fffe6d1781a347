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
 * sum * multiplier / 2^15 / 2^right rounded half up, its lower 32 bits; right <= 31. The constants guarantee that the
 * product fits into 63 bits. The first 14 bits of the shift leave the place for the half in the lower word.
 */
static inline int32_t mt_scaled_wide(int64_t sum, int32_t multiplier, uint32_t right)
{
    const int64_t product = (int64_t)((uint64_t)sum * (uint32_t)multiplier) >> 14;
    const uint64_t rounded = (uint64_t)product + (1u << right);
    const uint32_t low = (uint32_t)rounded, high = (uint32_t)(rounded >> 32);
    return (int32_t)((low >> right >> 1) | high << (31 - right));
}

static inline int16_t mt_clamp_s16(int32_t value, mt_range_s16 range)
{
    value = value < range.lowest ? range.lowest : value;
    return (int16_t)(value > range.highest ? range.highest : value);
}

static inline int64_t mt_bias(const mt_channel_s16 *channel)
{
    return (int64_t)((uint64_t)(uint32_t)channel->bias_high << 32 | channel->bias_low);
}

/* What a channel stores for a sum, bias included. */
static inline int16_t mt_channel_value(int64_t sum, const mt_channel_s16 *channel, uint32_t is_narrow,
                                       mt_range_s16 range)
{
    int32_t value;
    if (is_narrow) {
        const mt_factor factor = {channel->multiplier, channel->left, channel->right};
        value = mt_scaled((int32_t)sum, factor);
    } else {
        value = mt_scaled_wide(sum, channel->multiplier, channel->right);
    }
    return mt_clamp_s16(value, range);
}

#endif
