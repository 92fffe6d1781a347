#include "mt_kernels.h"
#include "mt_quantise.h"

/* Sums of at most this many quads leave 24 bits to the upper row of a word: 4 * 128 * 127 * 128 < 2^23. */
#define QUADS_PER_PASS 128u

/* Sums of a block of rows a, b, c, d: `ab` of 256 * a + b, `cd` of 256 * c + d. */
typedef struct {
    int32_t ab, b, cd, d;
} block_sums;

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/* 16 products; loads stand together because a load behind a load takes one cycle. */
#define QUAD                                                                                                \
    "ldr %[t], [%[words]], #16\n ldr %[u], [%[words], #-12]\n ldr %[v], [%[words], #-8]\n"                  \
    "ldr %[w], [%[words], #-4]\n ldr %[x], [%[column]], #8\n ldr %[y], [%[column], #-4]\n"                  \
    "smlad %[ab], %[t], %[x], %[ab]\n sxtb16 %[t], %[t]\n smlad %[cd], %[u], %[x], %[cd]\n"                 \
    "sxtb16 %[u], %[u]\n smlad %[ab], %[v], %[y], %[ab]\n sxtb16 %[v], %[v]\n"                              \
    "smlad %[cd], %[w], %[y], %[cd]\n sxtb16 %[w], %[w]\n smlad %[b], %[t], %[x], %[b]\n"                   \
    "smlad %[d], %[u], %[x], %[d]\n smlad %[b], %[v], %[y], %[b]\n smlad %[d], %[w], %[y], %[d]\n"

static inline __attribute__((always_inline)) const uint32_t *accumulate(const uint32_t *words, const uint32_t *column,
                                                                        uint32_t quads, block_sums *sums)
{
    int32_t ab = 0, b = 0, cd = 0, d = 0;
    uint32_t t, u, v, w, x, y;
    __asm__("b 2f\n" /* what four quads a turn leave over comes first */
            "1:\n" QUAD "sub %[quads], %[quads], #1\n"
            "2: tst %[quads], #3\n"
            "bne 1b\n"
            "cmp %[quads], #0\n"
            "beq 4f\n"
            "3:\n" QUAD QUAD QUAD QUAD "subs %[quads], %[quads], #4\n"
            "bne 3b\n"
            "4:\n"
            : [ab] "+r"(ab), [b] "+r"(b), [cd] "+r"(cd), [d] "+r"(d), [words] "+r"(words), [column] "+r"(column),
              [quads] "+r"(quads), [t] "=&r"(t), [u] "=&r"(u), [v] "=&r"(v), [w] "=&r"(w), [x] "=&r"(x), [y] "=&r"(y)
            :
            : "cc", "memory");
    *sums = (block_sums){ab, b, cd, d};
    return words;
}

#else

static inline __attribute__((always_inline)) const uint32_t *accumulate(const uint32_t *words, const uint32_t *column,
                                                                        uint32_t quads, block_sums *sums)
{
    block_sums to = {0, 0, 0, 0};
    for (uint32_t half = 0; half < 2 * quads; half++) {
        to.ab = mt_smlad(words[0], *column, to.ab);
        to.b = mt_smlad(mt_bytes_0_2(words[0]), *column, to.b);
        to.cd = mt_smlad(words[1], *column, to.cd);
        to.d = mt_smlad(mt_bytes_0_2(words[1]), *column, to.d);
        words += 2;
        column++;
    }
    *sums = to;
    return words;
}

#endif

static inline void add(const block_sums *packed, int32_t *sums)
{
    sums[0] += mt_upper(packed->ab, packed->b);
    sums[1] += packed->b;
    sums[2] += mt_upper(packed->cd, packed->d);
    sums[3] += packed->d;
}

/* The passes behind the first, for long sums; kept apart so that short ones do not pay for it. */
static __attribute__((noinline)) const uint32_t *add_passes(const uint32_t *words, const uint32_t *column,
                                                            uint32_t quads, int32_t *sums)
{
    while (quads > 0) {
        uint32_t pass = quads < QUADS_PER_PASS ? quads : QUADS_PER_PASS;
        block_sums packed;
        words = accumulate(words, column, pass, &packed);
        add(&packed, sums);
        column += 2 * pass;
        quads -= pass;
    }
    return words;
}

void mt_matmul_1_column_s8(const mt_matrix *matrix, const uint32_t *column, int8_t *output)
{
    const uint32_t *words = matrix->words;
    const mt_channels *channels = matrix->channels;
    const mt_bytes_range range = mt_bytes_range_of(&matrix->output);
    const uint32_t pass = matrix->quads < QUADS_PER_PASS ? matrix->quads : QUADS_PER_PASS;

    for (int32_t rows = matrix->rows; rows > 0; rows -= 4, channels++) {
        block_sums packed;
        words = accumulate(words, column, pass, &packed);
        int32_t sums[4] = {channels->bias[0], channels->bias[1], channels->bias[2], channels->bias[3]};
        add(&packed, sums);
        if (matrix->quads > pass) {
            words = add_passes(words, column + 2 * pass, matrix->quads - pass, sums);
        }
        const int32_t zero_point = matrix->output.zero_point;
        uint32_t bytes = 0;
#pragma GCC unroll 4
        for (uint32_t i = 0; i < 4; i++) {
            MT_SCHEDULING_BARRIER();
            bytes = mt_append_byte(bytes, mt_requantise(sums[i], mt_channel_scale(channels, i)) + zero_point);
        }
        mt_store_bytes(output, mt_clamp_bytes(bytes, &range), rows);
        output += 4;
    }
}
