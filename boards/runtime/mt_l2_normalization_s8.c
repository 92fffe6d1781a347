#include "mt_fixed_point.h"
#include "mt_kernels.h"
#include "mt_quantise.h"

#define OUTPUT_SHIFT 7 /* the output's scale is 1/128 */

/* The value if above 0, else 0. */
static inline int32_t positive(int32_t value)
{
    return value & ~(value >> 31);
}

/* 1 / root(sum) * 2^7: five steps of Newton from 1 for the sum scaled by fours into [1/4, 1) of 2^29. A sum of 0
 * counts as 1. */
static mt_scale inverse_root(int32_t sum)
{
    int32_t is_big = sum >> 29 != 0;
    uint32_t scaled = (uint32_t)sum >> (2 * is_big);
    int32_t pairs = (__builtin_clz(scaled | 1) - 1) / 2 - 1;
    int32_t shift = 11 + is_big - pairs;
    int32_t number = (int32_t)(scaled << (2 * pairs) >> 1);
    int32_t half = (number + 1) >> 1;
    int32_t x = 1 << 28;
    for (int step = 0; step < 5; step++) {
        int32_t cube = mt_fixed_multiply(mt_fixed_multiply(x, x), x) * 64;
        x = (mt_fixed_multiply(402653184, x) - mt_fixed_multiply(half, cube)) * 8;
    }
    x = mt_fixed_multiply(x, 1518500250);
    int32_t is_one = (sum - 2) >> 31; /* all bits or none */
    x = ((x * (1 << positive(-shift))) & ~is_one) | (INT32_MAX & is_one);
    int32_t left = OUTPUT_SHIFT - (positive(shift) & ~is_one);
    return (mt_scale){x, (uint8_t)(1 + positive(left)), (uint8_t)(1 + positive(-left))};
}

void mt_l2_normalization_s8(int32_t zero_point, uint32_t rows, uint32_t depth, const int8_t *input, int8_t *output)
{
    for (uint32_t row = 0; row < rows; row++) {
        int32_t sum = 0;
        for (uint32_t i = 0; i < depth; i++) {
            sum += (input[i] - zero_point) * (input[i] - zero_point);
        }
        mt_scale scale = inverse_root(sum);
        for (uint32_t i = 0; i < depth; i++) {
            output[i] = (int8_t)mt_clamp(mt_requantise(input[i] - zero_point, scale), -128, 127);
        }
        input += depth;
        output += depth;
    }
}
