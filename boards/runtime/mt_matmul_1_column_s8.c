#include "mt_kernels.h"
#include "mt_quantise.h"

/* Sums of at most this many quads leave 24 bits to the upper row of a word: 4 * 128 * 127 * 128 < 2^23. */
#define QUADS_PER_PASS 128u

/* Quads and bytes of code in a turn of the unrolled loop. */
#define QUADS_PER_TURN 4u
#define QUAD_CODE_BYTES 72u

/* Whole blocks of four rows (a, b, c, d). */
typedef struct {
    const uint32_t *column;
    const uint32_t *first_end; /* where the column's first pass ends; the others take QUADS_PER_PASS */
    const uint32_t *end;
    uint32_t first_turn_bytes; /* code of the loop's first turn, which takes what whole turns leave over */
    const mt_channels *channels;
    const mt_channels *channels_end;
    int8_t *output;
    mt_bytes_output to;
    int32_t kept[2]; /* sums of a and c that earlier passes left; zero between blocks */
} blocks;

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/*
 * In assembly so that the sums never go to memory and the constants come in groups:
 *   r0 weights, r1 column or the group of channels, r2 r3 r8 r9 r12 lr temporary, r10 end of the pass, r11 entry;
 *   r4 sum of 256 * a + b, r5 of b, r6 of 256 * c + d, r7 of d.
 */

/* 16 products; loads stand together because a load behind a load takes one cycle. 72 bytes of code. */
#define QUAD                                                                                                \
    "ldr.w r2, [r0], #16\n ldr.w r3, [r0, #-12]\n ldr.w r12, [r0, #-8]\n ldr.w lr, [r0, #-4]\n"             \
    "ldr.w r8, [r1], #8\n ldr.w r9, [r1, #-4]\n"                                                            \
    "smlad r4, r2, r8, r4\n sxtb16.w r2, r2\n smlad r6, r3, r8, r6\n sxtb16.w r3, r3\n"                     \
    "smlad r4, r12, r9, r4\n sxtb16.w r12, r12\n smlad r6, lr, r9, r6\n sxtb16.w lr, lr\n"                  \
    "smlad r5, r2, r8, r5\n smlad r7, r3, r8, r7\n smlad r5, r12, r9, r5\n smlad r7, lr, r9, r7\n"

/* The sum of a channel to an unsigned byte as mt_channel_byte does it; r1 is its group, r8 the offset. */
#define REQUANTISE(x, multiplier, left, right)                                                              \
    "ldr r2, [r1, #" multiplier "]\n ldrb r12, [r1, #" left "]\n ldrb r3, [r1, #" right "]\n"               \
    "lsl lr, r8, r3\n lsr lr, lr, #1\n lsl " x ", " x ", r12\n smmla lr, " x ", r3, lr\n"                   \
    "smmlar " x ", " x ", r2, lr\n asr " x ", " x ", r3\n usat " x ", #8, " x "\n"

static const uint32_t *run(const uint32_t *words, blocks *job)
{
    register const uint32_t *weights __asm__("r0") = words;
    __asm__ volatile(
        "adr r11, 3f\n ldr r2, %[first_turn_bytes]\n sub r11, r11, r2\n orr r11, r11, #1\n"
        "1:\n" /* a block: the sums of b and d start from their bias */
        "ldr r2, %[channels]\n ldr r1, %[column]\n ldr r10, %[first_end]\n ldr r5, [r2, #4]\n ldr r7, [r2, #12]\n"
        "mov r4, r5\n mov r6, r7\n"
        "bx r11\n"
        ".balign 4\n"
        "2:\n" QUAD QUAD QUAD QUAD
        "3:\n"
        "cmp r1, r10\n bne 2b\n"
        "ldr r2, %[end]\n ldr r8, %[kept_a]\n ldr r9, %[kept_c]\n"
        "sub r4, r4, r5\n sub r6, r6, r7\n add r4, r8, r4, asr #8\n add r6, r9, r6, asr #8\n"
        "cmp r1, r2\n bne 4f\n"
        "ldr r1, %[channels]\n ldr r8, %[offset]\n ldr r2, [r1]\n ldr r3, [r1, #8]\n"
        "add r4, r4, r2\n add r6, r6, r3\n mov lr, #0\n str lr, %[kept_a]\n str lr, %[kept_c]\n"
        REQUANTISE("r4", "16", "32", "33") REQUANTISE("r5", "20", "34", "35") "bfi r4, r5, #8, #8\n"
        REQUANTISE("r6", "24", "36", "37") "bfi r4, r6, #16, #8\n"
        REQUANTISE("r7", "28", "38", "39") "bfi r4, r7, #24, #8\n"
        "ldr r12, %[excess]\n ldr lr, %[lowest]\n ldr r2, %[output]\n ldr r3, %[channels_end]\n"
        "uqsub8 r4, r4, r12\n uadd8 r4, r4, lr\n add r1, r1, #40\n"
        "str r4, [r2], #4\n str r2, %[output]\n str r1, %[channels]\n"
        "cmp r1, r3\n bne 1b\n"
        "b 5f\n"
        "4:\n" /* a further pass: the upper sums are kept, their words start again */
        "str r4, %[kept_a]\n str r6, %[kept_c]\n mov r4, r5\n mov r6, r7\n"
        "add r10, r1, #1024\n" /* QUADS_PER_PASS * 8 */
        "b 2b\n"
        "5:\n"
        : "+r"(weights), [channels] "+m"(job->channels), [output] "+m"(job->output), [kept_a] "+m"(job->kept[0]),
          [kept_c] "+m"(job->kept[1])
        : [first_turn_bytes] "m"(job->first_turn_bytes), [column] "m"(job->column), [first_end] "m"(job->first_end),
          [end] "m"(job->end), [offset] "m"(job->to.offset), [excess] "m"(job->to.excess),
          [lowest] "m"(job->to.lowest), [channels_end] "m"(job->channels_end)
        : "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
    return weights;
}

#else

static const uint32_t *run(const uint32_t *words, blocks *job)
{
    for (; job->channels != job->channels_end; job->channels++, job->output += 4) {
        const mt_channels *group = job->channels;
        int32_t sums[4] = {group->bias[0], group->bias[1], group->bias[2], group->bias[3]};
        const uint32_t *value = job->column;
        for (const uint32_t *end = job->first_end; value != job->end; end += 2 * QUADS_PER_PASS) {
            int32_t ab = 0, b = 0, cd = 0, d = 0;
            for (; value != end; value++, words += 2) {
                ab = mt_smlad(words[0], *value, ab);
                b = mt_smlad(mt_bytes_0_2(words[0]), *value, b);
                cd = mt_smlad(words[1], *value, cd);
                d = mt_smlad(mt_bytes_0_2(words[1]), *value, d);
            }
            sums[0] += mt_upper(ab, b);
            sums[1] += b;
            sums[2] += mt_upper(cd, d);
            sums[3] += d;
        }
        uint32_t bytes = 0;
        for (uint32_t i = 0; i < 4; i++) {
            bytes |= mt_group_byte(sums[i], group, i, job->to.offset) << (8 * i);
        }
        mt_store_bytes(job->output, mt_bytes_to_output(bytes, &job->to), 4);
    }
    return words;
}

#endif

void mt_matmul_1_column_s8(const mt_matrix *matrix, const uint32_t *column, int8_t *output)
{
    const uint32_t quads = matrix->quads, first_pass = (quads - 1) % QUADS_PER_PASS + 1;
    const uint32_t whole = matrix->rows / 4u, rest = matrix->rows % 4u;
    const uint32_t *words = matrix->words;
    int8_t last[4];
    blocks job = {.column = column, .first_end = column + 2 * first_pass, .end = column + 2 * quads,
                  .first_turn_bytes = ((first_pass - 1) % QUADS_PER_TURN + 1) * QUAD_CODE_BYTES,
                  .channels = matrix->channels, .channels_end = matrix->channels + whole, .output = output,
                  .to = matrix->output};
    for (uint32_t part = whole == 0; part < 1 + (rest > 0); part++) {
        if (part > 0) { /* the rows of a last block that is not whole */
            job.channels_end++;
            job.output = last;
        }
        words = run(words, &job);
    }
    if (rest > 0) {
        memcpy(output + 4 * whole, last, rest);
    }
}
