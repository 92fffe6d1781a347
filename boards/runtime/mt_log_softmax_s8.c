#include "mt_fixed_point.h"
#include "mt_kernels.h"
#include "mt_quantise.h"

/* Constants with 31 fractional bits. */
#define LOG_2 1488522236
#define ROOT_OF_HALF 1518500250
#define FOURTH_ROOT_OF_HALF 1805811301
#define ALPHA_NUMERATOR 117049297
#define ALPHA_DENOMINATOR 127690142
#define ALPHA_CONSTANT 1057819769
#define ALPHA_LINEAR 638450708

#define SUM_INTEGER_BITS 12
#define EXPONENT_SHIFT 25u /* a power of two counts with 25 fractional bits */
#define QUARTER (1 << 23)

static inline int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/*
 * log(sum) with 26 fractional bits, for sum >= 1 with 19: the sum is r * 2^power with r around 2^(-1/4); log(r) is a
 * rational function. Of the two ways to write the sum like that the reference takes the smaller r.
 */
static int32_t logarithm(int32_t sum)
{
    int32_t headroom_a = __builtin_clz((uint32_t)sum);
    int32_t headroom_b = __builtin_clz((uint32_t)mt_fixed_multiply(sum, ROOT_OF_HALF)) - 1;
    int32_t scaled = (int32_t)((uint32_t)sum << headroom_a >> 1);
    int32_t r_a = mt_shift_saturated(mt_fixed_multiply(scaled, ROOT_OF_HALF), 1);
    int32_t r_b = mt_shift_saturated(sum, (uint32_t)headroom_b);
    int32_t power_a = (SUM_INTEGER_BITS - headroom_a) * (1 << EXPONENT_SHIFT) + QUARTER;
    int32_t power_b = (SUM_INTEGER_BITS - headroom_b) * (1 << EXPONENT_SHIFT) - QUARTER;
    int32_t r = -larger(-r_a, -r_b);
    int32_t power = larger(power_a, power_b);

    int32_t p = (int32_t)(((int64_t)r + FOURTH_ROOT_OF_HALF + 1) >> 1);
    int32_t q = 2 * (r - FOURTH_ROOT_OF_HALF);
    int32_t square = mt_fixed_multiply(q, q);
    int32_t numerator =
        mt_fixed_multiply(q, r) + mt_fixed_multiply(mt_fixed_multiply(q, square), ALPHA_NUMERATOR);
    int32_t rest = mt_fixed_multiply(p, ALPHA_CONSTANT + q + mt_fixed_multiply(ALPHA_DENOMINATOR, square));
    int32_t denominator = rest + mt_fixed_multiply(ALPHA_LINEAR, q); /* less one */
    int32_t half = (int32_t)(((int64_t)denominator + ((int64_t)1 << 31)) >> 1);
    int32_t fraction = mt_fixed_multiply(mt_divide_by_power(numerator, 6), mt_half_reciprocal(half));
    return 2 * (mt_fixed_multiply(power, LOG_2) + fraction);
}

void mt_log_softmax_s8(const mt_log_softmax *layer, const int8_t *input, int8_t *output)
{
    for (uint32_t row = 0; row < layer->rows; row++) {
        int32_t largest = -128;
        uint32_t sum = 0;
        for (uint32_t i = 0; i < layer->depth; i++) {
            largest = larger(largest, input[i]);
        }
        for (uint32_t i = 0; i < layer->depth; i++) {
            sum += ((uint32_t)layer->exponentials[largest - input[i]] + (1u << 11)) >> 12;
        }
        int32_t log_sum = logarithm((int32_t)sum);
        for (uint32_t i = 0; i < layer->depth; i++) {
            int32_t value = mt_divide_by_power(layer->differences[largest - input[i]] - log_sum, 22) + 127;
            output[i] = (int8_t)mt_clamp(value, -128, 127);
        }
        input += layer->depth;
        output += layer->depth;
    }
}
