#include "mt_kernels.h"
#include "mt_simd.h"

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/* Four values of a row; the column's lanes (k0, k2) and (k1, k3) are in `even` and `odd`. */
#define ROW(sum, word)                                                                                      \
    "sxtb16 %[t], %[" word "]\n smlad %[" sum "], %[t], %[even], %[" sum "]\n"                              \
    "sxtb16 %[t], %[" word "], ror #8\n smlad %[" sum "], %[t], %[odd], %[" sum "]\n"

/* 16 products; loads stand together because a load behind a load takes one cycle. */
#define QUAD                                                                                                \
    "ldr %[even], [%[column]], #8\n ldr %[odd], [%[column], #-4]\n"                                         \
    "ldr %[v], [%[words]], #16\n ldr %[w], [%[words], #-12]\n" ROW("a", "v") ROW("b", "w")                  \
    "ldr %[v], [%[words], #-8]\n ldr %[w], [%[words], #-4]\n" ROW("c", "v") ROW("d", "w")

/* In assembly for the order of the loads, and because the compiler spills here. An odd quad enters in the middle. */
static inline const uint32_t *sum_block(const uint32_t *words, const uint32_t *column, uint32_t quads,
                                        const int32_t *starts, int32_t *sums)
{
    const uint32_t *end = column + 2u * quads;
    int32_t a = starts[0], b = starts[1], c = starts[2], d = starts[3];
    uint32_t even, odd, v, w, t;
    __asm__ volatile("sub %[t], %[end], %[column]\n tst %[t], #8\n bne 2f\n"
                     "1:\n" QUAD
                     "2:\n" QUAD
                     "cmp %[column], %[end]\n bne 1b\n"
                     : [words] "+r"(words), [column] "+r"(column), [a] "+r"(a), [b] "+r"(b), [c] "+r"(c),
                       [d] "+r"(d), [even] "=&r"(even), [odd] "=&r"(odd), [v] "=&r"(v), [w] "=&r"(w), [t] "=&r"(t)
                     : [end] "r"(end)
                     : "cc", "memory");
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
    return words;
}

#else

static inline int32_t add_quad(uint32_t bytes, const uint32_t *column, int32_t sum)
{
    return mt_smlad(mt_bytes_1_3(bytes), column[1], mt_smlad(mt_bytes_0_2(bytes), column[0], sum));
}

static inline const uint32_t *sum_block(const uint32_t *words, const uint32_t *column, uint32_t quads,
                                        const int32_t *starts, int32_t *sums)
{
    for (uint32_t row = 0; row < 4u; row++) {
        sums[row] = starts[row];
    }
    for (; quads > 0; quads--, words += 4, column += 2) {
        for (uint32_t row = 0; row < 4u; row++) {
            sums[row] = add_quad(words[row], column, sums[row]);
        }
    }
    return words;
}

#endif

void mt_sum_rows_s8(const uint32_t *words, const uint32_t *column, uint32_t quads, uint32_t rows,
                    const int32_t *starts, int32_t *sums)
{
    for (const int32_t *end = starts + rows; starts != end; starts += 4, sums += 4) {
        words = sum_block(words, column, quads, starts, sums);
    }
}
