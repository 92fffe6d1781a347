#include "mt_kernels.h"
#include "mt_quantise.h"

/* Fractional bits: exponentials and the reciprocal have 31, their sum 19, Newton's iterate 29. */
#define SUM_SHIFT 12u
#define ONE_29 (1 << 29)

/* a * b / 2^31, rounded half up. */
static inline int32_t multiply(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

/* 1 / d for d in [1/2, 1) with 31 fractional bits, as half the quotient: three steps of Newton from 48/17 -
 * 32/17 d. */
static int32_t half_reciprocal(int32_t d)
{
    int32_t x = 1515870810 + multiply(d, -1010580540);
    for (int step = 0; step < 3; step++) {
        x += multiply(x, ONE_29 - multiply(d, x)) * 4;
    }
    return x < (1 << 30) ? x * 2 : INT32_MAX;
}

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
    int32_t reciprocal = half_reciprocal((int32_t)(sum << headroom >> 1));
    uint32_t shift = 35 - headroom;
    for (uint32_t i = 0; i < depth; i++) {
        int32_t value = multiply(reciprocal, exponential(layer, largest - input[i]));
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
