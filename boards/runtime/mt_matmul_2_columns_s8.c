#include "mt_kernels.h"
#include "mt_quantise.h"

/* Sums of at most this many quads leave 24 bits to the upper row of a word: 4 * 128 * 127 * 128 < 2^23. */
#define QUADS_PER_PASS 128u

/* Whole blocks of four rows (a, b, c, d) by two columns. */
typedef struct {
    const uint32_t *columns;
    const uint32_t *pass_end;  /* where the columns' first pass ends; the others take QUADS_PER_PASS */
    const uint32_t *only_end;  /* the same if it is the only pass, else 0 */
    uint32_t first_turn;       /* quads of the first turn of the unrolled loop */
    const mt_channels *channels;
    const mt_channels *channels_end;
    int8_t *output;
    uint32_t distance; /* from one column's output to the other's */
    mt_bytes_output to;
    const uint32_t *end;
} blocks_job;

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/*
 * In assembly, because fourteen registers are in use throughout and the sums never go to memory:
 *   r0 weights, r1 columns or the group of channels, r2 r3 r12 lr temporary;
 *   r4 r5 sums of 256 * a + b for both columns, r6 r7 of b, r8 r9 of 256 * c + d, r10 r11 of d.
 * On the stack: the sums of a and c that earlier passes left, the job's fields in their order, the job.
 */
#define COLUMNS "[sp, #16]"
#define PASS_END "[sp, #20]"
#define ONLY_END "[sp, #24]"
#define ENTRY "[sp, #28]"
#define CHANNELS "[sp, #32]"
#define CHANNELS_END "[sp, #36]"
#define OUTPUT "[sp, #40]"
#define DISTANCE "[sp, #44]"
#define OFFSET "[sp, #48]"
#define EXCESS "[sp, #52]"
#define LOWEST "[sp, #56]"
#define JOB "[sp, #60]"

/* 16 products; loads stand together because a load behind a load takes one cycle. 56 bytes of code. */
#define HALF_QUAD                                                                                           \
    "ldr.w r2, [r0], #8\n ldr.w r3, [r0, #-4]\n ldr.w r12, [r1], #8\n ldr.w lr, [r1, #-4]\n"                \
    "smlad r4, r2, r12, r4\n smlad r5, r2, lr, r5\n sxtb16.w r2, r2\n"                                      \
    "smlad r8, r3, r12, r8\n smlad r9, r3, lr, r9\n sxtb16.w r3, r3\n"                                      \
    "smlad r6, r2, r12, r6\n smlad r7, r2, lr, r7\n"                                                        \
    "smlad r10, r3, r12, r10\n smlad r11, r3, lr, r11\n"
#define QUAD HALF_QUAD HALF_QUAD

/* Both sums of a channel, in x and y, to unsigned bytes as mt_channel_byte does it; r1 is its group. */
#define REQUANTISE(x, y, multiplier, left, right)                                                           \
    "ldr r2, [r1, #" multiplier "]\n ldr lr, " OFFSET "\n ldrb r12, [r1, #" left "]\n"                      \
    "ldrb r3, [r1, #" right "]\n"                                                                           \
    "lsl lr, lr, r3\n lsr lr, lr, #1\n lsl " x ", " x ", r12\n lsl " y ", " y ", r12\n"                     \
    "smmla r12, " x ", r3, lr\n smmla lr, " y ", r3, lr\n"                                                  \
    "smmlar " x ", " x ", r2, r12\n smmlar " y ", " y ", r2, lr\n"                                          \
    "asr " x ", " x ", r3\n asr " y ", " y ", r3\n usat " x ", #8, " x "\n usat " y ", #8, " y "\n"

/* Between passes: the sum of an upper row goes to its slot, and the word starts again. */
#define KEEP(x, b, slot)                                                                                    \
    "sub " x ", " x ", " b "\n ldr r3, [sp, #" slot "]\n add r3, r3, " x ", asr #8\n"                       \
    "str r3, [sp, #" slot "]\n mov " x ", " b "\n"

/* After the last pass: everything summed, r2 the bias, lr zero. */
#define TAKE(x, b, slot)                                                                                    \
    "sub " x ", " x ", " b "\n ldr r3, [sp, #" slot "]\n add r3, r3, r2\n add " x ", r3, " x ", asr #8\n"   \
    "str lr, [sp, #" slot "]\n"

static __attribute__((naked, noinline)) void run_blocks(__attribute__((unused)) const uint32_t *words,
                                                        __attribute__((unused)) const blocks_job *job)
{
    __asm__ volatile(
        "push {r1, r4-r11, lr}\n"
        "ldm r1, {r2-r12}\n"
        "mov r1, #112\n mul r5, r5, r1\n" /* bytes of code in a quad */
        "adr r1, 3f\n sub r5, r1, r5\n orr r5, r5, #1\n"
        "push {r2-r12}\n"
        "mov r2, #0\n mov r3, #0\n mov r4, #0\n mov r5, #0\n"
        "push {r2-r5}\n"

        "1:\n" /* a block: the sums of b and d start from their bias */
        "ldr r2, " CHANNELS "\n ldr r1, " COLUMNS "\n ldr r3, " ENTRY "\n"
        "ldr r6, [r2, #4]\n ldr r10, [r2, #12]\n"
        "mov r4, r6\n mov r5, r6\n mov r7, r6\n mov r8, r10\n mov r9, r10\n mov r11, r10\n"
        "bx r3\n"
        ".balign 4\n"
        "2:\n" QUAD QUAD QUAD QUAD
        "3:\n"
        "ldr r2, " PASS_END "\n ldr r3, " ONLY_END "\n"
        "cmp r1, r2\n bne 2b\n"
        "cmp r1, r3\n bne 5f\n"
        "ldr r1, " CHANNELS "\n ldr r2, [r1]\n ldr r3, [r1, #8]\n"
        "sub r4, r4, r6\n sub r5, r5, r7\n sub r8, r8, r10\n sub r9, r9, r11\n"
        "add r4, r2, r4, asr #8\n add r5, r2, r5, asr #8\n add r8, r3, r8, asr #8\n add r9, r3, r9, asr #8\n"

        "4:\n" /* r4 to r11 are complete: a a b b c c d d */
        REQUANTISE("r4", "r5", "16", "32", "33") REQUANTISE("r6", "r7", "20", "34", "35")
        "bfi r4, r6, #8, #8\n bfi r5, r7, #8, #8\n"
        REQUANTISE("r8", "r9", "24", "36", "37") REQUANTISE("r10", "r11", "28", "38", "39")
        "bfi r4, r8, #16, #8\n bfi r5, r9, #16, #8\n bfi r4, r10, #24, #8\n bfi r5, r11, #24, #8\n"
        "ldr r12, " EXCESS "\n ldr lr, " LOWEST "\n ldr r2, " OUTPUT "\n ldr r3, " DISTANCE "\n"
        "uqsub8 r4, r4, r12\n uqsub8 r5, r5, r12\n uadd8 r4, r4, lr\n uadd8 r5, r5, lr\n"
        "add r1, r1, #40\n"
        "str r5, [r2, r3]\n str r4, [r2], #4\n str r2, " OUTPUT "\n str r1, " CHANNELS "\n"
        "ldr r3, " CHANNELS_END "\n cmp r1, r3\n bne 1b\n"
        "add sp, sp, #64\n"
        "pop {r4-r11, pc}\n"

        "5:\n" /* one of several passes is done */
        "ldr r3, " JOB "\n ldr r3, [r3, #44]\n cmp r1, r3\n beq 6f\n"
        KEEP("r4", "r6", "0") KEEP("r5", "r7", "4") KEEP("r8", "r10", "8") KEEP("r9", "r11", "12")
        "add r2, r1, #2048\n str r2, " PASS_END "\n" /* QUADS_PER_PASS * 16 */
        "b 2b\n"
        "6:\n" /* the last */
        "ldr r1, " JOB "\n ldr r1, [r1, #4]\n str r1, " PASS_END "\n"
        "ldr r1, " CHANNELS "\n mov lr, #0\n"
        "ldr r2, [r1]\n" TAKE("r4", "r6", "0") TAKE("r5", "r7", "4")
        "ldr r2, [r1, #8]\n" TAKE("r8", "r10", "8") TAKE("r9", "r11", "12")
        "b 4b\n");
}

#else

/* One pass: sums[2 * row + column] grow. */
static void accumulate(const uint32_t *words, const uint32_t *columns, const uint32_t *end, int32_t *sums)
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
        sums[i] += mt_upper(ab[i], b[i]);
        sums[2 + i] += b[i];
        sums[4 + i] += mt_upper(cd[i], d[i]);
        sums[6 + i] += d[i];
    }
}

static void run_blocks(const uint32_t *words, const blocks_job *job)
{
    int8_t *output = job->output;
    for (const mt_channels *group = job->channels; group != job->channels_end; group++, output += 4) {
        int32_t sums[8];
        uint32_t bytes[2] = {0, 0};
        for (uint32_t i = 0; i < 8; i++) {
            sums[i] = group->bias[i / 2];
        }
        const uint32_t *start = job->columns;
        for (const uint32_t *end = job->pass_end;; end += 4 * QUADS_PER_PASS) {
            accumulate(words, start, end, sums);
            words += end - start;
            start = end;
            if (end == job->end) {
                break;
            }
        }
        for (uint32_t i = 0; i < 8; i++) {
            bytes[i % 2] |= mt_group_byte(sums[i], group, i / 2, job->to.offset) << (i / 2 * 8);
        }
        for (uint32_t i = 0; i < 2; i++) {
            bytes[i] = mt_bytes_to_output(bytes[i], &job->to);
            memcpy(output + i * job->distance, &bytes[i], 4);
        }
    }
}

#endif

void mt_matmul_2_columns_s8(const mt_matrix *matrix, const uint32_t *columns, int8_t *output, uint32_t distance)
{
    const uint32_t quads = matrix->quads, whole = matrix->rows / 4u;
    const uint32_t first_pass = (quads - 1) % QUADS_PER_PASS + 1;
    const uint32_t *pass_end = columns + 4 * first_pass, *end = columns + 4 * quads;
    blocks_job job = {columns, pass_end, pass_end == end ? end : 0, (first_pass - 1) % 4 + 1, matrix->channels,
                      matrix->channels + whole, output, distance, matrix->output, end};
    if (whole > 0) {
        run_blocks(matrix->words, &job);
    }
    const int32_t rest = matrix->rows % 4;
    if (rest > 0) { /* the last block would write four rows */
        uint32_t bytes[2];
        job.channels = matrix->channels + whole;
        job.channels_end = job.channels + 1;
        job.output = (int8_t *)bytes;
        job.distance = 4;
        run_blocks(matrix->words + 4 * quads * whole, &job);
        mt_store_bytes(output + 4 * whole, bytes[0], rest);
        mt_store_bytes(output + 4 * whole + distance, bytes[1], rest);
    }
}
