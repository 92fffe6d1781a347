#include "mt_kernels.h"
#include "mt_quantise.h"

/* What `count` pairs have in common. Sums are doubled, so that their high-word product needs no shift. */
typedef struct {
    int32_t smaller_zero; /* of the operand of the smaller scale, with 21 extra bits */
    int32_t smaller_multiplier;
    uint32_t smaller_right;
    int32_t smaller_half;
    int32_t larger_zero; /* twice that of the other operand, whose scale counts one half by definition: a shift */
    int32_t multiplier;
    uint32_t right;
    int32_t half;
    int32_t zero;
} terms;

static inline int32_t half_of(uint32_t right)
{
    return (int32_t)(1u << right >> 1);
}

static terms terms_of(const mt_add *layer, uint32_t larger)
{
    const mt_scale smaller = larger ? layer->scale_a : layer->scale_b;
    const int32_t zeros[2] = {layer->zero_point_a, layer->zero_point_b};
    const uint32_t smaller_right = smaller.right - 1u, right = layer->scale.right - 1u;
    return (terms){zeros[larger ^ 1] * (1 << 21), smaller.multiplier, smaller_right, half_of(smaller_right),
                   zeros[larger] * (1 << 20), layer->scale.multiplier, right, half_of(right),
                   layer->output.zero_point + 255 - layer->output.highest};
}

/* One pair as an unsigned byte that saturates at the upper end; rounds as mt_channel_byte does. */
static inline uint32_t add_pair(int32_t larger, int32_t smaller, const terms *by)
{
    const int32_t shifted = smaller * (1 << 21) - by->smaller_zero;
    int32_t sum = mt_multiply_high_add(shifted, (int32_t)by->smaller_right, by->smaller_half);
    sum = mt_multiply_high_round_add(shifted, by->smaller_multiplier, sum) >> by->smaller_right;
    sum = larger * (1 << 20) - by->larger_zero + sum * 2;
    const int32_t half = by->half + (sum >> 31); /* `right` is above 0: there is always something to round */
    return mt_saturate_u8((mt_multiply_high_round_add(sum, by->multiplier, half) >> by->right) + by->zero);
}

static inline int32_t byte_of(uint32_t word, uint32_t index)
{
    return (int8_t)(word >> (8 * index));
}

static void add_values(const int8_t *larger, const int8_t *smaller, uint32_t count, const terms *common,
                       const mt_bytes_output *to, int8_t *output)
{
    const terms by = *common; /* copies: stores through int8_t may alias the originals */
    const mt_bytes_output range = *to;
    for (; count >= 4; count -= 4, output += 4) {
        const uint32_t x = mt_load_4(larger), y = mt_load_4(smaller);
        uint32_t bytes = 0;
#pragma GCC unroll 4
        for (uint32_t i = 0; i < 4; i++) {
            bytes |= add_pair(byte_of(x, i), byte_of(y, i), &by) << (8 * i);
        }
        mt_store_bytes(output, mt_bytes_to_output(bytes, &range), 4);
        larger += 4;
        smaller += 4;
    }
    for (; count > 0; count--) {
        *output++ = (int8_t)mt_bytes_to_output(add_pair(*larger++, *smaller++, &by), &range);
    }
}

void mt_add_s8(const mt_add *layer, const int8_t *a, const int8_t *b, int8_t *output)
{
    const mt_output *leaves = &layer->output;
    const mt_bytes_output to = {0, (255u - (uint32_t)(leaves->highest - leaves->lowest)) * 0x01010101u,
                                (uint8_t)leaves->lowest * 0x01010101u};
    /* Chosen by index, not by branch: the cycles are the same whichever it is. */
    const uint32_t larger = ((layer->scale_a.multiplier ^ 1 << 30) | (layer->scale_a.right ^ 1)) != 0;
    const terms by = terms_of(layer, larger);
    const int8_t *operands[2] = {a, b};
    for (uint32_t done = 0; done < layer->count; done += layer->period) {
        add_values(operands[larger], operands[larger ^ 1], layer->period, &by, &to, output);
        operands[0] += layer->period;
        output += layer->period;
    }
}
