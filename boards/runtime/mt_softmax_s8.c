#include "mt_fixed_point.h"
#include "mt_kernels.h"
#include "mt_quantise.h"

/* Fractional bits: exponentials and the reciprocal have 31, their sum 19. */
#define SUM_SHIFT 12u

static inline int32_t exponential(const mt_softmax *layer, int32_t distance)
{
    return layer->exponentials[distance < layer->entries ? distance : layer->entries - 1];
}

static void softmax_row(const mt_softmax *layer, const int8_t *input, int8_t *output)
{
    const uint32_t depth = layer->depth;
    int32_t largest = -128;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < depth; i++) {
        largest = input[i] > largest ? input[i] : largest;
    }
    for (uint32_t i = 0; i < depth; i++) {
        sum += ((uint32_t)exponential(layer, largest - input[i]) + (1u << (SUM_SHIFT - 1))) >> SUM_SHIFT;
    }
    uint32_t headroom = (uint32_t)__builtin_clz(sum);
    int32_t reciprocal = mt_half_reciprocal((int32_t)(sum << headroom >> 1));
    uint32_t shift = 35 - headroom;
    for (uint32_t i = 0; i < depth; i++) {
        int32_t value = mt_fixed_multiply(reciprocal, exponential(layer, largest - input[i]));
        int32_t rounded = (int32_t)(((uint32_t)value + (1u << shift >> 1)) >> shift);
        output[i] = (int8_t)mt_clamp(rounded - 128, -128, 127);
    }
}

void mt_softmax_s8(const mt_softmax *layer, const int8_t *input, int8_t *output)
{
    for (uint32_t row = 0; row < layer->rows; row++) {
        softmax_row(layer, input, output);
        input += layer->depth;
        output += layer->depth;
    }
}
