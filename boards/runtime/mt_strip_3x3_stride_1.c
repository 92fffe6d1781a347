#include "mt_strip_3x3.h"

/* Two neighbouring outputs: the words (x0, x1) and (x2, x3) of a row serve both. */

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/* r3 (x0, x1), r12 (x2, x3): r4 += x0 * w0 + x1 * w1 + x2 * w2, r5 += x1 * w0 + x2 * w1 + x3 * w2. */
#define ROW(first, last)                                                                                    \
    "smlad r4, r3, " first ", r4\n smlabt r4, r12, " last ", r4\n"                                          \
    "smlatb r5, r3, " first ", r5\n smlad r5, r12, " last ", r5\n"

__attribute__((naked)) void mt_strip_3x3_stride_1(__attribute__((unused)) const mt_strip_3x3 *job)
{
    __asm__ volatile(ENTER
        "1:\n"
        "ldr r3, [r0], #4\n ldr r12, [r1], #4\n ldr r4, [sp]\n mov r5, r4\n" ROW("r6", "r9")
        "ldr r3, [r0]\n ldr r12, [r1]\n" ROW("r7", "r10")
        "ldr r3, [r0, #4]\n ldr r12, [r1, #4]\n" ROW("r8", "r11")
        REQUANTISE_AND_STORE
        "cmp r0, r2\n bne 1b\n" LEAVE);
}

#else

void mt_strip_3x3_stride_1(const mt_strip_3x3 *job)
{
    int8_t *output = job->output;
    const uint32_t *next = job->next;
    for (const uint32_t *strip = job->strip; strip != job->end; strip++, next++, output += job->step) {
        int32_t sums[2] = {job->bias, job->bias};
        for (uint32_t row = 0; row < 3; row++) {
            const uint32_t x01 = strip[row], x23 = next[row];
            sums[0] = mt_add_row_3(job, row, x01, (int16_t)x23, sums[0]);
            sums[1] = mt_add_row_3(job, row, x01 >> 16 | x23 << 16, (int32_t)x23 >> 16, sums[1]);
        }
        mt_store_pair(job, sums, output);
    }
}

#endif
