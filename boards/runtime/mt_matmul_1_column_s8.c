#include "mt_kernels.h"
#include "mt_quantise.h"

/* Sums of at most this many quads leave 24 bits to the upper row of a word: 4 * 128 * 127 * 128 < 2^23. */
#define QUADS_PER_PASS 128u

/* Quads and bytes of code in a turn of the unrolled loop. */
#define QUADS_PER_TURN 4u
#define QUAD_CODE_BYTES 136u

/* Whole blocks of eight rows a to h. */
typedef struct {
    const uint32_t *column;
    const uint32_t *first_end; /* where the column's first pass ends; the others take QUADS_PER_PASS */
    const uint32_t *pass_end;
    const uint32_t *only_end; /* the same if there is one pass, else 0 */
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

/* A doubled sum to a byte as mt_row_byte does it; lr is the offset. */
#define REQUANTISE(x, multiplier, right)                                                                    \
    "lsl r12, lr, " right "\n add r12, r12, " x ", asr #31\n smmlar " x ", " x ", " multiplier ", r12\n"      \
    "asr " x ", " x ", " right "\n ssat " x ", #8, " x ", asr #1\n"

/* With its row's scale, that lies behind r1. */
#define SCALE(x, multiplier, right) \
    "ldr r2, [r1, #" multiplier "]\n ldrb r3, [r1, #" right "]\n" REQUANTISE(x, "r2", "r3")

/* Those of two neighbours at once. */
#define SCALE_2(x, x_multiplier, x_right, y, y_multiplier, y_right)                                         \
    "ldr r2, [r1, #" x_multiplier "]\n ldr r5, [r1, #" y_multiplier "]\n ldrb r3, [r1, #" x_right "]\n"      \
    "ldrb r6, [r1, #" y_right "]\n" REQUANTISE(x, "r2", "r3") REQUANTISE(y, "r5", "r6")

/* Between passes: the doubled sum of an upper row is kept, and the word starts again. */
#define KEEP(a, b, kept)                                                                                    \
    "sub " a ", " a ", " b "\n ldr r3, %[" kept "]\n add r3, r3, " a ", asr #7\n"                          \
    "str r3, %[" kept "]\n mov " a ", " b "\n"

/* After the last of several passes: the kept sum joins that of an upper row; lr is zero. */
#define TAKE(a, b, kept)                                                                                    \
    "sub " a ", " a ", " b "\n ldr r3, %[" kept "]\n add " a ", r3, " a ", asr #7\n str lr, %[" kept "]\n"

/* The upper row's bias joins the doubled sum in `a`, the lower one's the single sum in `b`. */
#define ADD_BIAS(a, b, a_bias, b_bias, shift) \
    "add " a ", " a_bias ", " a shift "\n add " b ", " b_bias ", " b ", lsl #1\n"
#define ADD_BIASES(shift)                                                                                   \
    "ldm r1!, {r2, r3, r12, lr}\n" ADD_BIAS("r4", "r5", "r2", "r3", shift) ADD_BIAS("r6", "r7", "r12", "lr", shift) \
    "ldr r2, [r1, #20]\n ldr r3, [r1, #24]\n ldr r12, [r1, #28]\n ldr lr, [r1, #32]\n"                     \
    ADD_BIAS("r8", "r9", "r2", "r3", shift) ADD_BIAS("r10", "r11", "r12", "lr", shift)

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
        "2:\n" QUAD QUAD QUAD QUAD
        "3:\n"
        "ldr r2, %[pass_end]\n cmp r1, r2\n bne 2b\n"
        "ldr r3, %[only_end]\n ldr r1, %[groups]\n cmp r2, r3\n bne 5f\n"
        "sub r4, r4, r5\n sub r6, r6, r7\n sub r8, r8, r9\n sub r10, r10, r11\n"
        ADD_BIASES(", asr #7")
        "4:\n" /* all sums are complete; r1 is behind the first group's bias */
        "ldr lr, %[offset]\n"
        SCALE("r4", "0", "16") SCALE("r5", "4", "17") SCALE("r6", "8", "18") SCALE("r7", "12", "19")
        "bfi r4, r5, #8, #8\n bfi r4, r6, #16, #8\n bfi r4, r7, #24, #8\n"
        SCALE_2("r8", "36", "52", "r9", "40", "53") SCALE_2("r10", "44", "54", "r11", "48", "55")
        "bfi r8, r9, #8, #8\n bfi r8, r10, #16, #8\n bfi r8, r11, #24, #8\n"
        "ldr r2, %[output]\n ldr r3, %[groups_end]\n add r1, r1, #56\n"
        "str r4, [r2], #4\n str r8, [r2], #4\n str r2, %[output]\n str r1, %[groups]\n"
        "cmp r1, r3\n bne 1b\n"
        "b 7f\n"
        "5:\n" /* one of several passes is done */
        "mov r1, r2\n ldr r3, %[end]\n cmp r1, r3\n beq 6f\n"
        KEEP("r4", "r5", "kept0") KEEP("r6", "r7", "kept1") KEEP("r8", "r9", "kept2") KEEP("r10", "r11", "kept3")
        "add r2, r1, #1024\n str r2, %[pass_end]\n" /* QUADS_PER_PASS * 8 */
        "b 2b\n"
        "6:\n" /* the last */
        "ldr r1, %[first_end]\n str r1, %[pass_end]\n ldr r1, %[groups]\n mov lr, #0\n"
        TAKE("r4", "r5", "kept0") TAKE("r6", "r7", "kept1") TAKE("r8", "r9", "kept2") TAKE("r10", "r11", "kept3")
        ADD_BIASES("") "b 4b\n"
        "7:\n"
        : "+r"(weights), [entry] "+m"(job->entry), [groups] "+m"(job->groups), [output] "+m"(job->output),
          [pass_end] "+m"(job->pass_end), [kept0] "+m"(job->kept[0]), [kept1] "+m"(job->kept[1]),
          [kept2] "+m"(job->kept[2]), [kept3] "+m"(job->kept[3])
        : [first_turn_bytes] "m"(job->first_turn_bytes), [column] "m"(job->column), [first_end] "m"(job->first_end),
          [only_end] "m"(job->only_end), [end] "m"(job->end), [offset] "m"(job->offset),
          [groups_end] "m"(job->groups_end)
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
    const uint32_t *first_end = column + 2 * first_pass, *end = column + 2 * quads;
    const uint32_t whole = matrix->rows / 8u, rest = matrix->rows % 8u;
    const uint32_t *words = matrix->words;
    int8_t last[8];
    blocks job = {.column = column, .first_end = first_end, .pass_end = first_end,
                  .only_end = first_end == end ? end : 0, .end = end,
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
