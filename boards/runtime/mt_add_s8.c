#include "mt_kernels.h"
#include "mt_quantise.h"

/* A factor for values below 2^31 / 2^left, and the zero point that belongs to it. */
typedef struct {
    int32_t multiplier;
    uint32_t left;
    uint32_t right;
    int32_t half;
    int32_t rounds; /* 1 if `right` is above 0: what half away from zero takes from negative values */
    int32_t zero;
} factor;

static inline factor factor_of(mt_scale scale, int32_t zero)
{
    const uint32_t right = scale.right - 1u;
    factor by = {scale.multiplier, scale.left, right, (int32_t)(1u << right >> 1), right > 0, zero};
    return by;
}

/* shifted = value << left; rounded as mt_requantise does it. */
static inline int32_t scaled(int32_t shifted, const factor *by)
{
    int32_t addend = mt_multiply_high_add(shifted, by->rounds, by->half);
    return mt_multiply_high_round_add(shifted, by->multiplier, addend) >> by->right;
}

/* One pair as an unsigned byte. The operand of the larger scale counts half by definition: a shift. */
static inline uint32_t add_pair(int32_t larger, int32_t smaller, int32_t larger_zero, const factor *in,
                                const factor *out)
{
    int32_t sum = larger * (1 << 19) - larger_zero;
    sum += scaled(smaller * (1 << 21) - in->zero, in);
    return mt_saturate_u8(scaled((int32_t)((uint32_t)sum << out->left), out) + out->zero);
}

static inline int32_t byte_of(uint32_t word, uint32_t index)
{
    return (int8_t)(word >> (8 * index));
}

static void add_values(const int8_t *larger, const int8_t *smaller, uint32_t count, int32_t larger_zero,
                       const factor *in_factor, const factor *out_factor, const mt_bytes_output *to, int8_t *output)
{
    const factor in = *in_factor, out = *out_factor; /* copies: stores through int8_t may alias the originals */
    const mt_bytes_output range = *to;
    for (; count >= 4; count -= 4, output += 4) {
        const uint32_t x = mt_load_4(larger), y = mt_load_4(smaller);
        uint32_t bytes = 0;
#pragma GCC unroll 4
        for (uint32_t i = 0; i < 4; i++) {
            bytes |= add_pair(byte_of(x, i), byte_of(y, i), larger_zero, &in, &out) << (8 * i);
        }
        mt_store_bytes(output, mt_bytes_to_output(bytes, &range), 4);
        larger += 4;
        smaller += 4;
    }
    for (; count > 0; count--) {
        uint32_t byte = add_pair(*larger++, *smaller++, larger_zero, &in, &out);
        *output++ = (int8_t)mt_bytes_to_output(byte, &range);
    }
}

void mt_add_s8(const mt_add *layer, const int8_t *a, const int8_t *b, int8_t *output)
{
    const mt_output *leaves = &layer->output;
    const mt_bytes_output to = {0, (255u - (uint32_t)(leaves->highest - leaves->lowest)) * 0x01010101u,
                                (uint8_t)leaves->lowest * 0x01010101u};
    const factor out = factor_of(layer->scale, leaves->zero_point + 255 - leaves->highest);
    /* Chosen by index, not by branch: the cycles are the same whichever it is. */
    const mt_scale scales[2] = {layer->scale_a, layer->scale_b};
    const int32_t zeros[2] = {layer->zero_point_a, layer->zero_point_b};
    const int8_t *operands[2] = {a, b};
    const uint32_t larger = ((scales[0].multiplier ^ 1 << 30) | (scales[0].right ^ 1)) != 0, smaller = larger ^ 1;
    const factor in = factor_of(scales[smaller], zeros[smaller] * (1 << 21));
    for (uint32_t done = 0; done < layer->count; done += layer->period) {
        add_values(operands[larger], operands[smaller], layer->period, zeros[larger] * (1 << 19), &in, &out, &to,
                   output);
        operands[0] += layer->period;
        output += layer->period;
    }
}
