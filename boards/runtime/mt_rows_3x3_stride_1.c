#include "mt_kernels.h"
#include "mt_simd.h"

/* Two neighbouring sums at a time: the words (x0, x1) and (x2, x3) of a row serve both. `first` has the
 * weights (w0, w1) of each row, `last` has (w1, w2). */

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/* One row: even += x0 * w0 + x1 * w1 + x2 * w2, odd += x1 * w0 + x2 * w1 + x3 * w2. */
#define ROW(row, first, last)                                                                               \
    "smlad %[even], %[x], %[" first "], %[even]\n smlabt %[even], %[y], %[" last "], %[even]\n"             \
    "smlatb %[odd], %[x], %[" first "], %[odd]\n smlad %[odd], %[y], %[" last "], %[odd]\n"
#define LOAD(row) "ldr %[x], [%[" row "]], #4\n ldr %[y], [%[" row "]]\n"

/* All fourteen registers are in use: the bias and the end of the loop stay in memory. */
static inline void sum_pairs(const uint32_t *first, const uint32_t *last, const uint32_t *row_0, uint32_t row_words,
                             int32_t bias, uint32_t count, int32_t *sums)
{
    const uint32_t *row_1 = row_0 + row_words, *row_2 = row_1 + row_words;
    const int32_t *end = sums + count;
    int32_t even, odd;
    uint32_t x, y;
    __asm__ volatile("1:\n" LOAD("row_0") "ldr %[even], %[bias]\n mov %[odd], %[even]\n" ROW("row_0", "f0", "l0")
            LOAD("row_1") ROW("row_1", "f1", "l1")
            LOAD("row_2") ROW("row_2", "f2", "l2")
            "str %[even], [%[sums]], #8\n str %[odd], [%[sums], #-4]\n"
            "ldr %[x], %[end]\n cmp %[sums], %[x]\n bne 1b\n"
            : [row_0] "+r"(row_0), [row_1] "+r"(row_1), [row_2] "+r"(row_2), [sums] "+r"(sums), [even] "=&r"(even),
              [odd] "=&r"(odd), [x] "=&r"(x), [y] "=&r"(y)
            : [f0] "r"(first[0]), [f1] "r"(first[1]), [f2] "r"(first[2]), [l0] "r"(last[0]), [l1] "r"(last[1]),
              [l2] "r"(last[2]), [bias] "m"(bias), [end] "m"(end)
            : "cc", "memory");
}

#else

static inline void sum_pairs(const uint32_t *first, const uint32_t *last, const uint32_t *words, uint32_t row_words,
                             int32_t bias, uint32_t count, int32_t *sums)
{
    for (uint32_t i = 0; i < count; i += 2, words++) {
        int32_t even = bias, odd = bias;
        for (uint32_t row = 0; row < 3; row++) {
            uint32_t x01 = words[row * row_words], x23 = words[row * row_words + 1];
            even = mt_smlad(x01, first[row], even) + (int16_t)x23 * ((int32_t)last[row] >> 16);
            odd = mt_smlad(x23, last[row], odd) + ((int32_t)x01 >> 16) * (int16_t)first[row];
        }
        sums[i] = even;
        sums[i + 1] = odd;
    }
}

#endif

void mt_rows_3x3_stride_1(const mt_rows_3x3 *job, int32_t *sums)
{
    const uint32_t *row = job->row;
    for (uint32_t y = 0; y < job->height; y++) {
        /* With an odd width the last sum belongs to no output; the next row overwrites it. */
        sum_pairs(job->lanes, job->lanes + 3, row, job->row_words, job->bias, (job->width + 1) / 2 * 2, sums);
        row += job->row_words;
        sums += job->width;
    }
}
