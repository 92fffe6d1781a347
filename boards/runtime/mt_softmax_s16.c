#include "mt_quantise_s16.h"

/* A table of 513 values at `position` from -32768 to 32767, every 128th of which it holds. */
static inline int16_t look_up(const int16_t *table, int32_t position)
{
    const uint32_t index = (uint32_t)(256 + (position >> 7));
    const int16_t slope = (int16_t)(table[index + 1] - table[index]);
    return (int16_t)(table[index] + ((slope * (position & 127) + 64) >> 7));
}

static inline int32_t within_16_bits(int32_t value)
{
    const mt_range_s16 all = {INT16_MIN, INT16_MAX};
    return mt_clamp_s16(value, all);
}

/* 1 / sum for a sum with 15 fractional bits, of `headroom` leading zeros: half of it, up to a power of 2. */
static int32_t reciprocal_of(const int16_t *reciprocals, uint32_t sum, uint32_t headroom)
{
    const uint32_t normalised = ((sum << (headroom - 1)) + (1u << 13)) >> 14;
    return look_up(reciprocals, within_16_bits((int32_t)normalised - (1 << 15) - (1 << 16)));
}

static void softmax_row(const mt_softmax_s16_layer *layer, const int16_t *input, int16_t *output)
{
    int32_t largest = INT16_MIN;
    for (uint32_t i = 0; i < layer->depth; i++) {
        largest = input[i] > largest ? input[i] : largest;
    }
    uint32_t sum = 0;
    for (uint32_t i = 0; i < layer->depth; i++) {
        const int32_t difference = mt_scaled(input[i] - largest, layer->factor);
        output[i] = look_up(layer->exponentials, within_16_bits(difference + INT16_MAX));
        sum += (uint32_t)output[i];
    }
    const uint32_t headroom = (uint32_t)__builtin_clz(sum), right = 31 - headroom;
    const int32_t reciprocal = reciprocal_of(layer->reciprocals, sum, headroom);
    const mt_range_s16 range = {0, INT16_MAX};
    for (uint32_t i = 0; i < layer->depth; i++) {
        output[i] = mt_clamp_s16((output[i] * reciprocal + (1 << (right - 1))) >> right, range);
    }
}

void mt_softmax_s16(const mt_softmax_s16_layer *layer, const int16_t *input, int16_t *output)
{
    for (uint32_t row = 0; row < layer->rows; row++) {
        softmax_row(layer, input, output);
        input += layer->depth;
        output += layer->depth;
    }
}
