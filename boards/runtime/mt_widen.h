/*
 * Bytes to 16-bit lanes: a quad k0..k3 becomes the words (k0, k2), (k1, k3).
 */
#ifndef MT_WIDEN_H
#define MT_WIDEN_H

#include "mt_simd.h"

/* `step` is the distance in words from one to the other. */
static inline uint32_t *mt_widen_quad(uint32_t quad, uint32_t step, uint32_t *lanes)
{
    lanes[0] = mt_bytes_0_2(quad);
    lanes[step] = mt_bytes_1_3(quad);
    return lanes + 2 * step;
}

/*
 * The first `quads` quads of `rows` rows that are `step` bytes apart, every second word: one of two interleaved
 * columns. Gives the end.
 */
#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

#define MT_SPREAD(quad, first, second)                                                                      \
    "sxtb16 %[lane], %[" quad "]\n sxtb16 %[" quad "], %[" quad "], ror #8\n"                                \
    "str %[lane], [%[lanes], #" first "]\n str %[" quad "], [%[lanes], #" second "]\n"

/* Loads stand together: one behind another takes one cycle. */
static inline __attribute__((always_inline)) uint32_t *mt_widen_rows(const int8_t *values, uint32_t quads,
                                                                     uint32_t step, uint32_t rows, uint32_t *lanes)
{
    uint32_t fours, a, b, c, d, lane;
    __asm__ volatile(
        "1:\n"
        "lsrs %[fours], %[quads], #2\n beq 3f\n"
        "2:\n"
        "ldr %[a], [%[values]], #16\n ldr %[b], [%[values], #-12]\n ldr %[c], [%[values], #-8]\n"
        "ldr %[d], [%[values], #-4]\n"
        MT_SPREAD("a", "0", "8") MT_SPREAD("b", "16", "24") MT_SPREAD("c", "32", "40") MT_SPREAD("d", "48", "56")
        "add %[lanes], %[lanes], #64\n subs %[fours], %[fours], #1\n bne 2b\n"
        "3:\n"
        "lsls %[fours], %[quads], #31\n" /* carry: two more; negative: one more */
        "bcc 4f\n"
        "ldr %[a], [%[values]], #8\n ldr %[b], [%[values], #-4]\n"
        MT_SPREAD("a", "0", "8") MT_SPREAD("b", "16", "24") "add %[lanes], %[lanes], #32\n"
        "4:\n"
        "bpl 5f\n"
        "ldr %[a], [%[values]], #4\n" MT_SPREAD("a", "0", "8") "add %[lanes], %[lanes], #16\n"
        "5:\n"
        "add %[values], %[values], %[gap]\n subs %[rows], %[rows], #1\n bne 1b\n"
        : [values] "+r"(values), [lanes] "+r"(lanes), [rows] "+r"(rows), [fours] "=&r"(fours), [a] "=&r"(a),
          [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [lane] "=&r"(lane)
        : [quads] "r"(quads), [gap] "r"(step - 4 * quads)
        : "cc", "memory");
    return lanes;
}

#else

static inline uint32_t *mt_widen_rows(const int8_t *values, uint32_t quads, uint32_t step, uint32_t rows,
                                      uint32_t *lanes)
{
    for (; rows > 0; rows--, values += step) {
        for (uint32_t i = 0; i < quads; i++) {
            lanes = mt_widen_quad(mt_load_4(values + 4 * i), 2, lanes);
        }
    }
    return lanes;
}

#endif

#endif
