/*
 * Products of weight rows with columns of int16: two rows by two columns share every load.
 *
 * A product of a weight and a value has at most 23 bits: passes of 127 quads keep sums within 32 bits; between passes
 * they go to 64 bits. Weights and layout: `mt_conv2d_s16_layer`.
 */
#ifndef MT_DOT_S16_H
#define MT_DOT_S16_H

#include "mt_simd.h"

#define MT_QUADS_PER_PASS 127u

/* Two values, the first in the lower lane; aligned to a word. */
static inline uint32_t mt_load_pair(const int16_t *values)
{
    uint32_t word;
    memcpy(&word, __builtin_assume_aligned(values, 4), sizeof word);
    return word;
}

/* Add to sums: row 0 by x, row 0 by y, row 1 by x, row 1 by y. */
static inline void mt_dot_2x2_s16(const uint32_t *weights, const int16_t *x, const int16_t *y, uint32_t quads,
                                  int64_t *sums)
{
    while (quads > 0) {
        const uint32_t pass = quads < MT_QUADS_PER_PASS ? quads : MT_QUADS_PER_PASS;
        const uint32_t *const end = weights + 2 * pass;
        int32_t ax = 0, ay = 0, bx = 0, by = 0;
        do {
            const uint32_t a = weights[0], b = weights[1];
            weights += 2;
            uint32_t x_pair = mt_load_pair(x), y_pair = mt_load_pair(y);
            uint32_t a_pair = mt_bytes_0_2(a), b_pair = mt_bytes_0_2(b);
            ax = mt_smlad(a_pair, x_pair, ax);
            ay = mt_smlad(a_pair, y_pair, ay);
            bx = mt_smlad(b_pair, x_pair, bx);
            by = mt_smlad(b_pair, y_pair, by);
            x_pair = mt_load_pair(x + 2);
            y_pair = mt_load_pair(y + 2);
            x += 4;
            y += 4;
            a_pair = mt_bytes_1_3(a);
            b_pair = mt_bytes_1_3(b);
            ax = mt_smlad(a_pair, x_pair, ax);
            ay = mt_smlad(a_pair, y_pair, ay);
            bx = mt_smlad(b_pair, x_pair, bx);
            by = mt_smlad(b_pair, y_pair, by);
        } while (weights != end);
        quads -= pass;
        sums[0] += ax;
        sums[1] += ay;
        sums[2] += bx;
        sums[3] += by;
    }
}

/* The same for one column: row 0, row 1. */
static inline void mt_dot_2x1_s16(const uint32_t *weights, const int16_t *x, uint32_t quads, int64_t *sums)
{
    while (quads > 0) {
        const uint32_t pass = quads < MT_QUADS_PER_PASS ? quads : MT_QUADS_PER_PASS;
        const uint32_t *const end = weights + 2 * pass;
        int32_t ax = 0, bx = 0;
        do {
            const uint32_t a = weights[0], b = weights[1];
            weights += 2;
            const uint32_t first = mt_load_pair(x), second = mt_load_pair(x + 2);
            x += 4;
            ax = mt_smlad(mt_bytes_0_2(a), first, ax);
            bx = mt_smlad(mt_bytes_0_2(b), first, bx);
            ax = mt_smlad(mt_bytes_1_3(a), second, ax);
            bx = mt_smlad(mt_bytes_1_3(b), second, bx);
        } while (weights != end);
        quads -= pass;
        sums[0] += ax;
        sums[1] += bx;
    }
}

#endif
