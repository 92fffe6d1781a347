#include "mt_strip_3x3.h"

/* Two outputs one above the other: the third of five rows serves both. */

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

#define LOAD(offset) "ldr r3, [r0, #" offset "]\n ldr r12, [r1, #" offset "]\n"

/* r3 (x0, x1), r12 (x2, x3): sum += x0 * w0 + x1 * w1 + x2 * w2. */
#define ROW(sum, first, last)                                                                               \
    "smlad " sum ", r3, " first ", " sum "\n smlabt " sum ", r12, " last ", " sum "\n"

__attribute__((naked)) void mt_strip_3x3_stride_2(__attribute__((unused)) const mt_strip_3x3 *job)
{
    __asm__ volatile(ENTER
        "1:\n"
        "ldr r3, [r0], #16\n ldr r12, [r1], #16\n ldr r4, [sp]\n mov r5, r4\n" ROW("r4", "r6", "r9")
        LOAD("-12") ROW("r4", "r7", "r10")
        LOAD("-8") ROW("r4", "r8", "r11") ROW("r5", "r6", "r9")
        LOAD("-4") ROW("r5", "r7", "r10")
        LOAD("0") ROW("r5", "r8", "r11")
        REQUANTISE_AND_STORE
        "cmp r0, r2\n bne 1b\n" LEAVE);
}

#else

void mt_strip_3x3_stride_2(const mt_strip_3x3 *job)
{
    int8_t *output = job->output;
    const uint32_t *next = job->next;
    for (const uint32_t *strip = job->strip; strip != job->end; strip += 4, next += 4, output += job->step) {
        int32_t sums[2] = {job->bias, job->bias};
        for (uint32_t row = 0; row < 3; row++) {
            sums[0] = mt_add_row_3(job, row, strip[row], (int16_t)next[row], sums[0]);
            sums[1] = mt_add_row_3(job, row, strip[row + 2], (int16_t)next[row + 2], sums[1]);
        }
        mt_store_pair(job, sums, output);
    }
}

#endif
