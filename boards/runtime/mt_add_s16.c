#include "mt_quantise_s16.h"
#include "mt_simd.h"

/* product / 2^right rounded half away from zero, for |product| <= 2^30; half = 2^right / 2, flag = right > 0. */
static inline int32_t shifted(int32_t product, uint32_t right, int32_t half, int32_t flag)
{
    return (product + half + ((product >> 31) & flag)) >> right;
}

void mt_add_s16(const mt_add_s16_layer *layer, const int16_t *a, const int16_t *b, int16_t *output)
{
    const mt_factor smaller = layer->smaller, sum = layer->sum;
    const int32_t half_smaller = (int32_t)(1u << smaller.right >> 1), half_sum = (int32_t)(1u << sum.right >> 1);
    const int32_t flag_smaller = -(smaller.right > 0), flag_sum = -(sum.right > 0);
    const int32_t larger_units = layer->larger_units, sign_smaller = layer->sign_smaller;
    const mt_range_s16 range = layer->range;
    const uint32_t period = layer->period;
    const int16_t *operands[2] = {a, b};
    for (uint32_t done = 0; done < layer->count; done += period) {
        const int16_t *first = operands[layer->larger], *second = operands[1 - layer->larger];
        for (uint32_t i = 0; i < period; i++) {
            const int32_t high = mt_multiply_high((int32_t)((uint32_t)second[i] << 16), smaller.multiplier);
            const int32_t part = shifted(high, smaller.right, half_smaller, flag_smaller);
            const int32_t total = first[i] * larger_units + part * sign_smaller;
            const int32_t product = mt_multiply_high((int32_t)((uint32_t)total << 1), sum.multiplier);
            output[i] = mt_clamp_s16(shifted(product, sum.right, half_sum, flag_sum), range);
        }
        operands[0] += period;
        output += period;
    }
}
