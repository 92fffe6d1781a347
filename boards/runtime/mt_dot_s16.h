/*
 * Products of two weight rows with one or two columns of int16.
 *
 * A product of a weight and a value has at most 23 bits: a pass of up to MT_QUADS_PER_PASS quads keeps its sums within
 * 32 bits. Weights are laid out as in `mt_conv2d_s16_layer`, columns are aligned to words.
 */
#ifndef MT_DOT_S16_H
#define MT_DOT_S16_H

#include "mt_simd.h"

#define MT_QUADS_PER_PASS 127u

/* Two values, the first in the lower lane. */
static inline uint32_t mt_load_pair(const int16_t *values)
{
    uint32_t word;
    memcpy(&word, __builtin_assume_aligned(values, 4), sizeof word);
    return word;
}

static inline uint32_t mt_quads_of_pass(uint32_t quads)
{
    return quads < MT_QUADS_PER_PASS ? quads : MT_QUADS_PER_PASS;
}

/* Add to sums: row 0 by x, row 0 by y, row 1 by x, row 1 by y. */
static inline void mt_dot_2x2_s16(const uint32_t *weights, const int16_t *x, const int16_t *y, uint32_t quads,
                                  int64_t *sums)
{
    for (uint32_t pass; quads > 0; quads -= pass) {
        int32_t ax = 0, ay = 0, bx = 0, by = 0;
        pass = mt_quads_of_pass(quads);
        for (const uint32_t *const end = weights + 2 * pass; weights != end; weights += 2, x += 4, y += 4) {
            const uint32_t a_first = mt_bytes_0_2(weights[0]), a_second = mt_bytes_1_3(weights[0]);
            const uint32_t b_first = mt_bytes_0_2(weights[1]), b_second = mt_bytes_1_3(weights[1]);
            const uint32_t x_first = mt_load_pair(x), x_second = mt_load_pair(x + 2);
            const uint32_t y_first = mt_load_pair(y), y_second = mt_load_pair(y + 2);
            ax = mt_smlad(a_second, x_second, mt_smlad(a_first, x_first, ax));
            ay = mt_smlad(a_second, y_second, mt_smlad(a_first, y_first, ay));
            bx = mt_smlad(b_second, x_second, mt_smlad(b_first, x_first, bx));
            by = mt_smlad(b_second, y_second, mt_smlad(b_first, y_first, by));
        }
        sums[0] += ax;
        sums[1] += ay;
        sums[2] += bx;
        sums[3] += by;
    }
}

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/* Eight products in 13 cycles. */
#define MT_QUAD_OF_ONE                                                                                      \
    "ldr %[a], [%[w]], #4\n ldr %[second], [%[x], #4]\n ldr %[first], [%[x]], #8\n ldr %[b], [%[w]], #4\n"  \
    "sxtb16 %[t], %[a]\n smlad %[ax], %[t], %[first], %[ax]\n"                                              \
    "sxtb16 %[a], %[a], ror #8\n smlad %[ax], %[a], %[second], %[ax]\n"                                     \
    "sxtb16 %[t], %[b]\n smlad %[bx], %[t], %[first], %[bx]\n"                                              \
    "sxtb16 %[b], %[b], ror #8\n smlad %[bx], %[b], %[second], %[bx]\n"

/* A pass, two quads a turn; an odd one enters the loop in the middle. found: row 0 by x, row 1 by x. */
static inline void mt_pass_2x1_s16(const uint32_t *weights, const int16_t *x, uint32_t quads, int32_t *found)
{
    const uint32_t *const end = weights + 2 * quads;
    int32_t ax = 0, bx = 0;
    uint32_t a, b, first, second, t;
    __asm__ volatile("tst %[quads], #1\n bne 2f\n"
                     "1:\n" MT_QUAD_OF_ONE "2:\n" MT_QUAD_OF_ONE "cmp %[w], %[end]\n bne 1b\n"
                     : [w] "+&r"(weights), [x] "+&r"(x), [ax] "+&r"(ax), [bx] "+&r"(bx), [a] "=&r"(a), [b] "=&r"(b),
                       [first] "=&r"(first), [second] "=&r"(second), [t] "=&r"(t)
                     : [end] "r"(end), [quads] "r"(quads)
                     : "cc", "memory");
    found[0] = ax;
    found[1] = bx;
}

#else

static inline void mt_pass_2x1_s16(const uint32_t *weights, const int16_t *x, uint32_t quads, int32_t *found)
{
    int32_t ax = 0, bx = 0;
    for (const uint32_t *const end = weights + 2 * quads; weights != end; weights += 2, x += 4) {
        const uint32_t a = weights[0], b = weights[1];
        const uint32_t first = mt_load_pair(x), second = mt_load_pair(x + 2);
        ax = mt_smlad(mt_bytes_1_3(a), second, mt_smlad(mt_bytes_0_2(a), first, ax));
        bx = mt_smlad(mt_bytes_1_3(b), second, mt_smlad(mt_bytes_0_2(b), first, bx));
    }
    found[0] = ax;
    found[1] = bx;
}

#endif

/* Add to sums: row 0 by x, row 1 by x. */
static inline void mt_dot_2x1_s16(const uint32_t *weights, const int16_t *x, uint32_t quads, int64_t *sums)
{
    for (uint32_t pass; quads > 0; quads -= pass, weights += 2 * pass, x += 4 * pass) {
        int32_t found[2];
        pass = mt_quads_of_pass(quads);
        mt_pass_2x1_s16(weights, x, pass, found);
        sums[0] += found[0];
        sums[1] += found[1];
    }
}

#endif
