#include "mt_kernels.h"
#include "mt_quantise.h"

/* Sums of at most this many quads leave 24 bits to the upper row of a word: 4 * 128 * 127 * 128 < 2^23. */
#define QUADS_PER_PASS 128u

/* Quads and bytes of code in a turn of the unrolled loop. */
#define QUADS_PER_TURN 8u
#define QUAD_CODE_BYTES 136u

/* Whole blocks of eight rows a to h. */
typedef struct {
    const uint32_t *column;
    const uint32_t *first_end; /* where the column's first pass ends; the others take QUADS_PER_PASS */
    const uint32_t *pass_end;
    const uint32_t *end;
    uint32_t first_turn_bytes; /* code of the loop's first turn, which takes what whole turns leave over */
    uint32_t entry;
    const mt_rows *groups;
    const mt_rows *groups_end;
    int8_t *output;
    int32_t offset; /* 2 * zero point of the output + 1 */
    int32_t kept[4]; /* doubled sums of a, c, e, g that earlier passes left; zero between blocks */
} blocks;

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/*
 * In assembly, because all registers are in use and the sums never go to memory:
 *   r0 weights, r1 column or the group of rows, r2 r3 r12 lr temporary;
 *   r4 sum of 256 * a + b, r5 of b, r6 and r7 of c and d, r8 and r9 of e and f, r10 and r11 of g and h.
 */

/* 32 products in 37 cycles; loads stand together because a load behind a load takes one cycle. 136 bytes of code. */
#define QUAD                                                                                                \
    "ldr.w lr, [r1], #8\n ldr.w r2, [r0], #32\n ldr.w r3, [r0, #-28]\n ldr.w r12, [r0, #-24]\n"             \
    "smlad r4, r2, lr, r4\n sxtb16.w r2, r2\n smlad r6, r3, lr, r6\n sxtb16.w r3, r3\n"                     \
    "smlad r8, r12, lr, r8\n sxtb16.w r12, r12\n"                                                           \
    "smlad r5, r2, lr, r5\n smlad r7, r3, lr, r7\n smlad r9, r12, lr, r9\n"                                 \
    "ldr.w r2, [r0, #-20]\n ldr.w r3, [r0, #-16]\n ldr.w r12, [r1, #-4]\n"                                  \
    "smlad r10, r2, lr, r10\n sxtb16.w r2, r2\n smlad r4, r3, r12, r4\n sxtb16.w r3, r3\n"                  \
    "smlad r11, r2, lr, r11\n smlad r5, r3, r12, r5\n"                                                      \
    "ldr.w r2, [r0, #-12]\n ldr.w r3, [r0, #-8]\n ldr.w lr, [r0, #-4]\n"                                    \
    "smlad r6, r2, r12, r6\n sxtb16.w r2, r2\n smlad r8, r3, r12, r8\n sxtb16.w r3, r3\n"                   \
    "smlad r10, lr, r12, r10\n sxtb16.w lr, lr\n"                                                           \
    "smlad r7, r2, r12, r7\n smlad r9, r3, r12, r9\n smlad r11, lr, r12, r11\n"

/* The doubled sum of a row to a byte as mt_row_byte does it; r1 its group's multipliers, lr the offset. */
#define REQUANTISE(x, multiplier, right)                                                                    \
    "ldr r2, [r1, #" multiplier "]\n ldrb r3, [r1, #" right "]\n lsl r12, lr, r3\n asr r12, r12, #1\n"      \
    "smmla r12, " x ", r3, r12\n smmlar " x ", " x ", r2, r12\n asr " x ", " x ", r3\n ssat " x ", #8, " x "\n"

/* Four doubled sums, two of them upper ones without their bias, to four bytes in a; r1 moves to the next group. */
#define FINISH(a, b, c, d)                                                                                  \
    "ldm r1!, {r2, r3, r12, lr}\n"                                                                          \
    "add " a ", r2, " a "\n add " b ", r3, " b ", lsl #1\n add " c ", r12, " c "\n"                         \
    "add " d ", lr, " d ", lsl #1\n ldr lr, %[offset]\n"                                                    \
    REQUANTISE(a, "0", "16") REQUANTISE(b, "4", "17") REQUANTISE(c, "8", "18") REQUANTISE(d, "12", "19")    \
    "bfi " a ", " b ", #8, #8\n bfi " a ", " c ", #16, #8\n bfi " a ", " d ", #24, #8\n"                     \
    "add r1, r1, #20\n"

static const uint32_t *run(const uint32_t *words, blocks *job)
{
    register const uint32_t *weights __asm__("r0") = words;
    __asm__ volatile(
        "adr r1, 3f\n ldr r2, %[first_turn_bytes]\n sub r1, r1, r2\n orr r1, r1, #1\n str r1, %[entry]\n"
        "1:\n" /* a block */
        "ldr r1, %[column]\n ldr r3, %[entry]\n"
        "mov r4, #0\n mov r5, #0\n mov r6, #0\n mov r7, #0\n mov r8, #0\n mov r9, #0\n mov r10, #0\n mov r11, #0\n"
        "bx r3\n"
        ".balign 4\n"
        "2:\n" QUAD QUAD QUAD QUAD QUAD QUAD QUAD QUAD
        "3:\n"
        "ldr r2, %[pass_end]\n cmp r1, r2\n bne 2b\n"
        "ldr r2, %[kept0]\n ldr r3, %[kept1]\n ldr r12, %[kept2]\n ldr lr, %[kept3]\n"
        "sub r4, r4, r5\n sub r6, r6, r7\n sub r8, r8, r9\n sub r10, r10, r11\n"
        "add r4, r2, r4, asr #7\n add r6, r3, r6, asr #7\n add r8, r12, r8, asr #7\n add r10, lr, r10, asr #7\n"
        "ldr r2, %[end]\n ldr r3, %[first_end]\n cmp r1, r2\n bne 4f\n"
        "cmp r2, r3\n bne 5f\n"
        "6:\n"
        "ldr r1, %[groups]\n"
        FINISH("r4", "r5", "r6", "r7") FINISH("r8", "r9", "r10", "r11")
        "ldr r2, %[output]\n ldr r3, %[groups_end]\n"
        "str r4, [r2], #4\n str r8, [r2], #4\n str r2, %[output]\n str r1, %[groups]\n"
        "cmp r1, r3\n bne 1b\n"
        "b 7f\n"
        "4:\n" /* a further pass: the upper sums are kept, their words start again */
        "str r4, %[kept0]\n str r6, %[kept1]\n str r8, %[kept2]\n str r10, %[kept3]\n"
        "mov r4, r5\n mov r6, r7\n mov r8, r9\n mov r10, r11\n"
        "add r2, r1, #1024\n str r2, %[pass_end]\n" /* QUADS_PER_PASS * 8 */
        "b 2b\n"
        "5:\n" /* the last of several passes */
        "mov r2, #0\n str r2, %[kept0]\n str r2, %[kept1]\n str r2, %[kept2]\n str r2, %[kept3]\n"
        "str r3, %[pass_end]\n b 6b\n"
        "7:\n"
        : "+r"(weights), [entry] "+m"(job->entry), [groups] "+m"(job->groups), [output] "+m"(job->output),
          [pass_end] "+m"(job->pass_end), [kept0] "+m"(job->kept[0]), [kept1] "+m"(job->kept[1]),
          [kept2] "+m"(job->kept[2]), [kept3] "+m"(job->kept[3])
        : [first_turn_bytes] "m"(job->first_turn_bytes), [column] "m"(job->column), [first_end] "m"(job->first_end),
          [end] "m"(job->end), [offset] "m"(job->offset), [groups_end] "m"(job->groups_end)
        : "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
    return weights;
}

#else

/* One pass of four pairs of rows: sums[2 * pair] and sums[2 * pair + 1] grow by their doubled products. */
static const uint32_t *accumulate(const uint32_t *words, const uint32_t *value, const uint32_t *end, int32_t *sums)
{
    int32_t both[4] = {0}, lower[4] = {0};
    for (; value != end; value++, words += 4) {
        for (uint32_t pair = 0; pair < 4; pair++) {
            both[pair] = mt_smlad(words[pair], *value, both[pair]);
            lower[pair] = mt_smlad(mt_bytes_0_2(words[pair]), *value, lower[pair]);
        }
    }
    for (uint32_t pair = 0; pair < 4; pair++) {
        sums[2 * pair] += 2 * mt_upper(both[pair], lower[pair]);
        sums[2 * pair + 1] += 2 * lower[pair];
    }
    return words;
}

static const uint32_t *run(const uint32_t *words, blocks *job)
{
    for (; job->groups != job->groups_end; job->groups += 2, job->output += 8) {
        int32_t sums[8];
        for (uint32_t i = 0; i < 8; i++) {
            sums[i] = job->groups[i / 4].bias[i % 4];
        }
        const uint32_t *value = job->column;
        for (const uint32_t *end = job->first_end; value != job->end; end += 2 * QUADS_PER_PASS) {
            words = accumulate(words, value, end, sums);
            value = end;
        }
        uint32_t bytes[2] = {0, 0};
        for (uint32_t i = 0; i < 8; i++) {
            bytes[i / 4] |= mt_row_byte(sums[i], &job->groups[i / 4], i % 4, job->offset) << (8 * (i % 4));
        }
        memcpy(job->output, bytes, 8);
    }
    return words;
}

#endif

void mt_matmul_1_column_s8(const mt_matrix *matrix, const uint32_t *column, int8_t *output)
{
    const uint32_t quads = matrix->quads, first_pass = (quads - 1) % QUADS_PER_PASS + 1;
    const uint32_t whole = matrix->rows / 8u, rest = matrix->rows % 8u;
    const uint32_t *words = matrix->words;
    int8_t last[8];
    blocks job = {.column = column, .first_end = column + 2 * first_pass, .pass_end = column + 2 * first_pass,
                  .end = column + 2 * quads,
                  .first_turn_bytes = ((first_pass - 1) % QUADS_PER_TURN + 1) * QUAD_CODE_BYTES,
                  .groups = matrix->groups, .groups_end = matrix->groups + 2 * whole, .output = output,
                  .offset = matrix->offset};
    for (uint32_t part = whole == 0; part < 1 + (rest > 0); part++) {
        if (part > 0) { /* the rows of a last block that is not whole */
            job.groups_end += 2;
            job.output = last;
        }
        words = run(words, &job);
    }
    if (rest > 0) {
        memcpy(output + 8 * whole, last, rest);
    }
}
