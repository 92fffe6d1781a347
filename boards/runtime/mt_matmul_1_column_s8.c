#include "mt_kernels.h"
#include "mt_quantise.h"

/* Sums of at most this many quads leave 24 bits to the upper row of a word: 4 * 128 * 127 * 128 < 2^23. */
#define QUADS_PER_PASS 128u

/* Sums of a block of rows a, b, c, d: `ab` of 256 * a + b, `cd` of 256 * c + d. */
typedef struct {
    int32_t ab, b, cd, d;
} block_sums;

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/* 16 products; loads stand together because a load behind a load takes one cycle. 72 bytes of code. */
#define QUAD                                                                                                \
    "ldr.w %[t], [%[words]], #16\n ldr.w %[u], [%[words], #-12]\n ldr.w %[v], [%[words], #-8]\n"            \
    "ldr.w %[w], [%[words], #-4]\n ldr.w %[x], [%[column]], #8\n ldr.w %[y], [%[column], #-4]\n"            \
    "smlad %[ab], %[t], %[x], %[ab]\n sxtb16.w %[t], %[t]\n smlad %[cd], %[u], %[x], %[cd]\n"               \
    "sxtb16.w %[u], %[u]\n smlad %[ab], %[v], %[y], %[ab]\n sxtb16.w %[v], %[v]\n"                          \
    "smlad %[cd], %[w], %[y], %[cd]\n sxtb16.w %[w], %[w]\n smlad %[b], %[t], %[x], %[b]\n"                 \
    "smlad %[d], %[u], %[x], %[d]\n smlad %[b], %[v], %[y], %[b]\n smlad %[d], %[w], %[y], %[d]\n"

/* Four quads a turn; the first turn enters where only what is left over remains. */
static inline __attribute__((always_inline)) const uint32_t *accumulate(const uint32_t *words, const uint32_t *column,
                                                                        uint32_t quads, block_sums *sums)
{
    int32_t ab = 0, b = 0, cd = 0, d = 0;
    const uint32_t *end = column + 2 * quads;
    uint32_t t = ((0u - quads) % 4) * 72, u, v, w, x, y;
    __asm__("adr %[u], 1f\n add %[u], %[u], %[t]\n orr %[u], %[u], #1\n bx %[u]\n"
            ".balign 4\n"
            "1:\n" QUAD QUAD QUAD QUAD "cmp %[column], %[end]\n"
            "bne 1b\n"
            : [ab] "+r"(ab), [b] "+r"(b), [cd] "+r"(cd), [d] "+r"(d), [words] "+r"(words), [column] "+r"(column),
              [t] "+r"(t), [u] "=&r"(u), [v] "=&r"(v), [w] "=&r"(w), [x] "=&r"(x), [y] "=&r"(y)
            : [end] "r"(end)
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

void mt_matmul_1_column_s8(const mt_matrix *matrix, const uint32_t *column, int8_t *output)
{
    const uint32_t *words = matrix->words;
    const mt_channels *group = matrix->channels;

    for (int32_t rows = matrix->rows; rows > 0; rows -= 4, group++) {
        int32_t sums[4] = {group->bias[0], group->bias[1], group->bias[2], group->bias[3]};
        uint32_t quads = matrix->quads;
        const uint32_t *values = column;
        do {
            const uint32_t pass = quads < QUADS_PER_PASS ? quads : QUADS_PER_PASS;
            block_sums packed;
            words = accumulate(words, values, pass, &packed);
            sums[0] += mt_upper(packed.ab, packed.b);
            sums[1] += packed.b;
            sums[2] += mt_upper(packed.cd, packed.d);
            sums[3] += packed.d;
            values += 2 * pass;
            quads -= pass;
        } while (quads > 0);
        uint32_t bytes = 0;
#pragma GCC unroll 4
        for (uint32_t i = 0; i < 4; i++) {
            MT_SCHEDULING_BARRIER();
            bytes |= mt_group_byte(sums[i], group, i, matrix->output.offset) << (8 * i);
        }
        mt_store_bytes(output, mt_bytes_to_output(bytes, &matrix->output), rows);
        output += 4;
    }
}
