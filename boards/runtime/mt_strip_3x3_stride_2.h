/*
 * Stride 2: two outputs a turn, one above the other; the third of five rows of words (x0, x1), (x2, x3) serves both.
 */
#ifndef MT_STRIP_3X3_STRIDE_2_H
#define MT_STRIP_3X3_STRIDE_2_H

#include "mt_strip_3x3.h"

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

#define MT_LOAD(offset) "ldr r3, [r0, #" offset "]\n ldr r12, [r1, #" offset "]\n"

/* r3 (x0, x1), r12 (x2, x3): sum += x0 * w0 + x1 * w1 + x2 * w2. */
#define MT_SINGLE(sum, first, last)                                                                         \
    "smlad " sum ", r3, " first ", " sum "\n smlabt " sum ", r12, " last ", " sum "\n"

/* r0 strip, r1 the next, r4 upper sum, r5 lower sum, r6 to r11 weights. */
static inline __attribute__((always_inline)) void mt_run_strip_stride_2(mt_strip *job)
{
    register uint32_t f0 __asm__("r6") = job->first[0];
    register uint32_t f1 __asm__("r7") = job->first[1];
    register uint32_t f2 __asm__("r8") = job->first[2];
    register uint32_t l0 __asm__("r9") = job->last[0];
    register uint32_t l1 __asm__("r10") = job->last[1];
    register uint32_t l2 __asm__("r11") = job->last[2];
    __asm__ volatile(
        "ldr r0, %[strip]\n ldr r1, %[gap]\n add r1, r0, r1\n"
        "1:\n"
        "ldr r3, [r0], #16\n ldr r12, [r1], #16\n ldr r4, %[bias]\n mov r5, r4\n" MT_SINGLE("r4", "r6", "r9")
        MT_LOAD("-12") MT_SINGLE("r4", "r7", "r10")
        MT_LOAD("-8") MT_SINGLE("r4", "r8", "r11") MT_SINGLE("r5", "r6", "r9")
        MT_LOAD("-4") MT_SINGLE("r5", "r7", "r10")
        MT_LOAD("0") MT_SINGLE("r5", "r8", "r11")
        "ldr r3, %[left]\n ldr r12, %[right]\n ldr lr, %[addend]\n ldr r2, %[multiplier]\n"
        "lsl r4, r4, r3\n lsl r5, r5, r3\n"
        "smmla r3, r4, r12, lr\n smmla lr, r5, r12, lr\n smmlar r4, r4, r2, r3\n smmlar r5, r5, r2, lr\n"
        "asr r4, r4, r12\n asr r5, r5, r12\n usat r4, #8, r4\n usat r5, #8, r5\n"
        "ldr r2, %[excess]\n ldr r3, %[lowest]\n ldr lr, %[output]\n ldr r12, %[down]\n"
        "orr r4, r4, r5, lsl #16\n uqsub8 r4, r4, r2\n uadd8 r4, r4, r3\n lsr r5, r4, #16\n"
        "strb r5, [lr, r12]\n strb r4, [lr]\n" /* what may be dropped first */
        "ldr r2, %[end]\n add lr, lr, r12, lsl #1\n str lr, %[output]\n cmp r0, r2\n bne 1b\n"
        "str r0, %[strip]\n"
        : [strip] "+m"(job->strip), [output] "+m"(job->output)
        : [bias] "m"(job->bias), [left] "m"(job->left), [right] "m"(job->right), [addend] "m"(job->addend),
          [multiplier] "m"(job->multiplier), [excess] "m"(job->to.excess), [lowest] "m"(job->to.lowest),
          [down] "m"(job->down), [gap] "m"(job->gap), [end] "m"(job->end), "r"(f0), "r"(f1), "r"(f2), "r"(l0),
          "r"(l1), "r"(l2)
        : "r0", "r1", "r2", "r3", "r4", "r5", "r12", "lr", "cc", "memory");
}

#else

static inline void mt_run_strip_stride_2(mt_strip *job)
{
    for (; job->strip != job->end; job->strip += 4, job->output += 2 * job->down) {
        const uint32_t *row = job->strip, *next = row + job->gap / 4;
        int32_t upper = job->bias, lower = job->bias;
        for (uint32_t k = 0; k < 3; k++) {
            upper = mt_add_row_3(job, k, row[k], (int16_t)next[k], upper);
            lower = mt_add_row_3(job, k, row[k + 2], (int16_t)next[k + 2], lower);
        }
        uint32_t bytes = mt_strip_byte(job, upper) | mt_strip_byte(job, lower) << 16;
        bytes = mt_bytes_to_output(bytes, &job->to);
        job->output[job->down] = (int8_t)(bytes >> 16); /* what may be dropped first */
        *job->output = (int8_t)bytes;
    }
}

#endif

#endif
