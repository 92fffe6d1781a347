#include "mt_kernels.h"
#include "mt_quantise.h"

/* Sums of at most this many quads leave 24 bits to the upper row of a word: 4 * 128 * 127 * 128 < 2^23. */
#define QUADS_PER_PASS 128u

/* Sums of a block of rows a, b, c, d in two columns: `ab` of 256 * a + b, `cd` of 256 * c + d. */
typedef struct {
    int32_t ab[2], b[2], cd[2], d[2];
} block_sums;

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/* 16 products; loads stand together because a load behind a load takes one cycle. */
#define HALF_QUAD                                                                                          \
    "ldr %[u], [%[words]], #8\n ldr %[v], [%[words], #-4]\n"                                               \
    "ldr %[x], [%[columns]], #8\n ldr %[y], [%[columns], #-4]\n"                                           \
    "smlad %[ab0], %[u], %[x], %[ab0]\n smlad %[ab1], %[u], %[y], %[ab1]\n sxtb16 %[u], %[u]\n"            \
    "smlad %[cd0], %[v], %[x], %[cd0]\n smlad %[cd1], %[v], %[y], %[cd1]\n sxtb16 %[v], %[v]\n"            \
    "smlad %[b0], %[u], %[x], %[b0]\n smlad %[b1], %[u], %[y], %[b1]\n"                                    \
    "smlad %[d0], %[v], %[x], %[d0]\n smlad %[d1], %[v], %[y], %[d1]\n"

/* All fourteen registers are in use, which a compiler does not manage without spilling: hence assembly, the end
 * of the loop in memory, and two quads a turn (an odd count enters in the middle). */
static inline const uint32_t *accumulate(const uint32_t *words, const uint32_t *columns, uint32_t quads,
                                         block_sums *sums)
{
    int32_t ab0 = 0, ab1 = 0, b0 = 0, b1 = 0, cd0 = 0, cd1 = 0, d0 = 0, d1 = 0;
    const uint32_t *end = columns + 4 * quads;
    uint32_t u, v, x, y;
    __asm__("ldr %[u], %[quads]\n"
            "lsls %[u], %[u], #31\n"
            "bne 2f\n"
            "1:\n" HALF_QUAD HALF_QUAD "2:\n" HALF_QUAD HALF_QUAD "ldr %[u], %[end]\n"
            "cmp %[columns], %[u]\n"
            "bne 1b\n"
            : [ab0] "+r"(ab0), [ab1] "+r"(ab1), [b0] "+r"(b0), [b1] "+r"(b1), [cd0] "+r"(cd0), [cd1] "+r"(cd1),
              [d0] "+r"(d0), [d1] "+r"(d1), [words] "+r"(words), [columns] "+r"(columns), [u] "=&r"(u), [v] "=&r"(v),
              [x] "=&r"(x), [y] "=&r"(y)
            : [quads] "m"(quads), [end] "m"(end)
            : "cc", "memory");
    *sums = (block_sums){{ab0, ab1}, {b0, b1}, {cd0, cd1}, {d0, d1}};
    return words;
}

#else

static inline const uint32_t *accumulate(const uint32_t *words, const uint32_t *columns, uint32_t quads,
                                         block_sums *sums)
{
    block_sums to = {{0, 0}, {0, 0}, {0, 0}, {0, 0}};
    for (uint32_t half = 0; half < 2 * quads; half++) {
        uint32_t b = mt_bytes_0_2(words[0]), d = mt_bytes_0_2(words[1]);
        for (uint32_t i = 0; i < 2; i++) {
            to.ab[i] = mt_smlad(words[0], columns[i], to.ab[i]);
            to.b[i] = mt_smlad(b, columns[i], to.b[i]);
            to.cd[i] = mt_smlad(words[1], columns[i], to.cd[i]);
            to.d[i] = mt_smlad(d, columns[i], to.d[i]);
        }
        words += 2;
        columns += 2;
    }
    *sums = to;
    return words;
}

#endif

/* Store sums[2 * row + column]. */
static inline void unpack(const block_sums *packed, int32_t *sums)
{
    for (uint32_t i = 0; i < 2; i++) {
        sums[i] = mt_upper(packed->ab[i], packed->b[i]);
        sums[2 + i] = packed->b[i];
        sums[4 + i] = mt_upper(packed->cd[i], packed->d[i]);
        sums[6 + i] = packed->d[i];
    }
}

/* The passes behind the first, for long sums; kept apart so that short ones do not pay for it. */
static __attribute__((noinline)) const uint32_t *add_passes(const uint32_t *words, const uint32_t *columns,
                                                            uint32_t quads, int32_t *sums)
{
    while (quads > 0) {
        uint32_t pass = quads < QUADS_PER_PASS ? quads : QUADS_PER_PASS;
        block_sums packed;
        int32_t part[8];
        words = accumulate(words, columns, pass, &packed);
        unpack(&packed, part);
        for (uint32_t i = 0; i < 8; i++) {
            sums[i] += part[i];
        }
        columns += 4 * pass;
        quads -= pass;
    }
    return words;
}

void mt_matmul_2_columns_s8(const mt_matrix *matrix, const uint32_t *columns, int8_t *first, int8_t *second)
{
    const uint32_t *words = matrix->words;
    const mt_channels *channels = matrix->channels;
    const mt_bytes_range range = mt_bytes_range_of(&matrix->output);
    const uint32_t pass = matrix->quads < QUADS_PER_PASS ? matrix->quads : QUADS_PER_PASS;

    for (int32_t rows = matrix->rows; rows > 0; rows -= 4, channels++) {
        block_sums packed;
        int32_t sums[8];
        words = accumulate(words, columns, pass, &packed);
        unpack(&packed, sums);
        if (matrix->quads > pass) {
            words = add_passes(words, columns + 4 * pass, matrix->quads - pass, sums);
        }
        const int32_t zero_point = matrix->output.zero_point;
        uint32_t bytes_0 = 0, bytes_1 = 0;
#pragma GCC unroll 4
        for (uint32_t i = 0; i < 4; i++) {
            MT_SCHEDULING_BARRIER();
            const mt_scale scale = mt_channel_scale(channels, i);
            const int32_t bias = channels->bias[i];
            bytes_0 = mt_append_byte(bytes_0, mt_requantise(sums[2 * i] + bias, scale) + zero_point);
            bytes_1 = mt_append_byte(bytes_1, mt_requantise(sums[2 * i + 1] + bias, scale) + zero_point);
        }
        MT_SCHEDULING_BARRIER();
        mt_store_bytes(first, mt_clamp_bytes(bytes_0, &range), rows);
        mt_store_bytes(second, mt_clamp_bytes(bytes_1, &range), rows);
        first += 4;
        second += 4;
    }
}
