/*
 * A matrix times two columns: every output row for two pixels at once.
 *
 * Inlined where it is used, so that what it needs in memory stays on that function's stack from pixel to pixel.
 * Columns: 4 words per quad, first (k0, k2), second (k0, k2), first (k1, k3), second (k1, k3).
 */
#ifndef MT_TWO_COLUMNS_H
#define MT_TWO_COLUMNS_H

#include "mt_kernels.h"
#include "mt_quantise.h"

/* Sums of at most this many quads leave 24 bits to the upper row of a word: 4 * 128 * 127 * 128 < 2^23. */
#define MT_QUADS_PER_PASS 128u

/* Quads and bytes of code in a turn of the unrolled loop. */
#define MT_QUADS_PER_TURN 4u
#define MT_QUAD_CODE_BYTES 112u

/* Whole blocks of four rows (a, b, c, d) by two columns. */
typedef struct {
    const uint32_t *columns;
    const uint32_t *first_end; /* where the columns' first pass ends; the others take MT_QUADS_PER_PASS */
    const uint32_t *pass_end;
    const uint32_t *only_end; /* the same if there is one pass, else 0 */
    const uint32_t *end;
    uint32_t first_turn_bytes; /* code of the loop's first turn, which takes what whole turns leave over */
    uint32_t entry;
    const mt_rows *groups;
    const mt_rows *groups_end;
    int8_t *output;
    uint32_t distance; /* from the first column's output to the second's; 0 drops the second's */
    int32_t offset;    /* 2 * zero point of the output + 1 */
    int32_t kept[4]; /* doubled sums of a and c that earlier passes left; zero between blocks */
} mt_two_columns;

static inline mt_two_columns mt_two_columns_of(const mt_matrix *matrix, const uint32_t *columns)
{
    const uint32_t quads = matrix->quads, first_pass = (quads - 1) % MT_QUADS_PER_PASS + 1;
    const uint32_t *first_end = columns + 4 * first_pass, *end = columns + 4 * quads;
    const uint32_t first_turn = (first_pass - 1) % MT_QUADS_PER_TURN + 1;
    mt_two_columns job = {.columns = columns, .first_end = first_end, .pass_end = first_end,
                          .only_end = first_end == end ? end : 0, .end = end,
                          .first_turn_bytes = first_turn * MT_QUAD_CODE_BYTES,
                          .groups_end = matrix->groups + matrix->rows / 4u, .offset = matrix->offset};
    return job;
}

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/*
 * In assembly, because fourteen registers are in use throughout and the sums never go to memory:
 *   r0 weights, r1 columns or the group of channels, r2 r3 r12 lr temporary;
 *   r4 r5 sums of 256 * a + b for both columns, r6 r7 of b, r8 r9 of 256 * c + d, r10 r11 of d.
 */

/* 16 products; loads stand together because a load behind a load takes one cycle. 56 bytes of code. */
#define MT_HALF_QUAD                                                                                        \
    "ldr.w r2, [r0], #8\n ldr.w r3, [r0, #-4]\n ldr.w r12, [r1], #8\n ldr.w lr, [r1, #-4]\n"                \
    "smlad r4, r2, r12, r4\n smlad r5, r2, lr, r5\n sxtb16.w r2, r2\n"                                      \
    "smlad r8, r3, r12, r8\n smlad r9, r3, lr, r9\n sxtb16.w r3, r3\n"                                      \
    "smlad r6, r2, r12, r6\n smlad r7, r2, lr, r7\n"                                                        \
    "smlad r10, r3, r12, r10\n smlad r11, r3, lr, r11\n"
#define MT_QUAD MT_HALF_QUAD MT_HALF_QUAD

/* Both doubled sums of a row, in x and y, to bytes as mt_row_byte does it; r2 is its multiplier, r3 its right, `offset`
 * the register of the offset. */
#define MT_REQUANTISE(x, y, offset)                                                                         \
    "lsl lr, " offset ", r3\n add r12, lr, " x ", asr #31\n add lr, lr, " y ", asr #31\n"                   \
    "smmlar " x ", " x ", r2, r12\n smmlar " y ", " y ", r2, lr\n asr " x ", " x ", r3\n asr " y ", " y ", r3\n" \
    "ssat " x ", #8, " x ", asr #1\n ssat " y ", #8, " y ", asr #1\n"

/* Between passes: the doubled sum of an upper row is kept, and the word starts again. */
#define MT_KEEP(x, b, kept)                                                                                 \
    "sub " x ", " x ", " b "\n ldr r3, %[" kept "]\n add r3, r3, " x ", asr #7\n"                           \
    "str r3, %[" kept "]\n mov " x ", " b "\n"

/* After the last of several passes: the kept sum joins that of an upper row; lr is zero. */
#define MT_TAKE(x, b, kept)                                                                                 \
    "ldr r3, %[" kept "]\n sub " x ", " x ", " b "\n asr " x ", " x ", #7\n add " x ", " x ", r3\n"          \
    "str lr, %[" kept "]\n"

static inline __attribute__((always_inline)) const uint32_t *mt_run_two_columns(const uint32_t *words,
                                                                                mt_two_columns *job)
{
    register const uint32_t *weights __asm__("r0") = words;
    __asm__ volatile(
        "adr r1, 3f\n ldr r2, %[first_turn_bytes]\n sub r1, r1, r2\n orr r1, r1, #1\n str r1, %[entry]\n"
        "1:\n" /* a block */
        "ldr r1, %[columns]\n ldr r3, %[entry]\n"
        "mov r4, #0\n mov r5, #0\n mov r6, #0\n mov r7, #0\n mov r8, #0\n mov r9, #0\n mov r10, #0\n mov r11, #0\n"
        "bx r3\n"
        ".balign 4\n"
        "2:\n" MT_QUAD MT_QUAD MT_QUAD MT_QUAD
        "3:\n"
        "ldr r2, %[pass_end]\n cmp r1, r2\n bne 2b\n"
        "ldr r3, %[only_end]\n ldr r1, %[groups]\n cmp r2, r3\n bne 5f\n"
        "sub r4, r4, r6\n sub r5, r5, r7\n sub r8, r8, r10\n sub r9, r9, r11\n"
        "ldm r1!, {r2, r3, r12, lr}\n"
        "add r4, r2, r4, asr #7\n add r5, r2, r5, asr #7\n add r8, r12, r8, asr #7\n add r9, r12, r9, asr #7\n"
        "4:\n" /* r4 r5 r8 r9 are complete, r3 lr the bias of b and d */
        "add r6, r3, r6, lsl #1\n add r7, r3, r7, lsl #1\n add r10, lr, r10, lsl #1\n add r11, lr, r11, lsl #1\n"
        "ldr r2, [r1], #4\n ldrb r3, [r1, #12]\n ldr lr, %[offset]\n" MT_REQUANTISE("r4", "r5", "lr")
        "ldr r2, [r1], #4\n ldrb r3, [r1, #9]\n ldr lr, %[offset]\n" MT_REQUANTISE("r6", "r7", "lr")
        "bfi r4, r6, #8, #8\n bfi r5, r7, #8, #8\n"
        "ldr r2, [r1], #4\n ldrb r3, [r1, #6]\n ldr r6, %[offset]\n" MT_REQUANTISE("r8", "r9", "r6")
        "ldr r2, [r1], #8\n ldrb r3, [r1, #-1]\n" MT_REQUANTISE("r10", "r11", "r6") /* r1 is the next group */
        "bfi r4, r8, #16, #8\n bfi r5, r9, #16, #8\n bfi r4, r10, #24, #8\n bfi r5, r11, #24, #8\n"
        "ldr r2, %[output]\n ldr r3, %[distance]\n"
        "str r5, [r2, r3]\n str r4, [r2], #4\n str r2, %[output]\n str r1, %[groups]\n"
        "ldr r3, %[groups_end]\n cmp r1, r3\n bne 1b\n"
        "b 7f\n"
        "5:\n" /* one of several passes is done */
        "mov r1, r2\n ldr r3, %[end]\n cmp r1, r3\n beq 6f\n"
        MT_KEEP("r4", "r6", "kept0") MT_KEEP("r5", "r7", "kept1")
        MT_KEEP("r8", "r10", "kept2") MT_KEEP("r9", "r11", "kept3")
        "add r2, r1, #2048\n str r2, %[pass_end]\n" /* MT_QUADS_PER_PASS * 16 */
        "b 2b\n"
        "6:\n" /* the last */
        "ldr r1, %[first_end]\n str r1, %[pass_end]\n ldr r1, %[groups]\n mov lr, #0\n"
        MT_TAKE("r4", "r6", "kept0") MT_TAKE("r5", "r7", "kept1")
        MT_TAKE("r8", "r10", "kept2") MT_TAKE("r9", "r11", "kept3")
        "ldm r1!, {r2, r3, r12, lr}\n add r4, r4, r2\n add r5, r5, r2\n add r8, r8, r12\n add r9, r9, r12\n"
        "b 4b\n"
        "7:\n"
        : "+r"(weights), [entry] "+m"(job->entry), [groups] "+m"(job->groups), [output] "+m"(job->output),
          [pass_end] "+m"(job->pass_end), [kept0] "+m"(job->kept[0]), [kept1] "+m"(job->kept[1]),
          [kept2] "+m"(job->kept[2]), [kept3] "+m"(job->kept[3])
        : [first_turn_bytes] "m"(job->first_turn_bytes), [columns] "m"(job->columns), [only_end] "m"(job->only_end),
          [end] "m"(job->end), [first_end] "m"(job->first_end), [offset] "m"(job->offset),
          [distance] "m"(job->distance), [groups_end] "m"(job->groups_end)
        : "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
    return weights;
}

#else

/* One pass: sums[2 * row + column] grow. */
static inline void mt_accumulate_2(const uint32_t *words, const uint32_t *columns, const uint32_t *end, int32_t *sums)
{
    int32_t ab[2] = {0}, b[2] = {0}, cd[2] = {0}, d[2] = {0};
    for (; columns != end; columns += 2, words += 2) {
        uint32_t lower_ab = mt_bytes_0_2(words[0]), lower_cd = mt_bytes_0_2(words[1]);
        for (uint32_t i = 0; i < 2; i++) {
            ab[i] = mt_smlad(words[0], columns[i], ab[i]);
            b[i] = mt_smlad(lower_ab, columns[i], b[i]);
            cd[i] = mt_smlad(words[1], columns[i], cd[i]);
            d[i] = mt_smlad(lower_cd, columns[i], d[i]);
        }
    }
    for (uint32_t i = 0; i < 2; i++) {
        sums[i] += 2 * mt_upper(ab[i], b[i]);
        sums[2 + i] += 2 * b[i];
        sums[4 + i] += 2 * mt_upper(cd[i], d[i]);
        sums[6 + i] += 2 * d[i];
    }
}

static inline const uint32_t *mt_run_two_columns(const uint32_t *words, mt_two_columns *job)
{
    for (; job->groups != job->groups_end; job->groups++, job->output += 4) {
        int32_t sums[8];
        uint32_t bytes[2] = {0, 0};
        for (uint32_t i = 0; i < 8; i++) {
            sums[i] = job->groups->bias[i / 2];
        }
        const uint32_t *start = job->columns;
        for (const uint32_t *end = job->first_end; start != job->end; end += 4 * MT_QUADS_PER_PASS) {
            mt_accumulate_2(words, start, end, sums);
            words += end - start;
            start = end;
        }
        for (uint32_t i = 0; i < 8; i++) {
            bytes[i % 2] |= mt_row_byte(sums[i], job->groups, i / 2, job->offset) << (i / 2 * 8);
        }
        for (uint32_t i = 2; i-- > 0;) { /* what may be dropped first */
            memcpy(job->output + i * job->distance, &bytes[i], 4);
        }
    }
    return words;
}

#endif

#endif
