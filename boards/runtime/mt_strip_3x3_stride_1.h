/*
 * Stride 1: four outputs a turn, two rows of two neighbours; all serve themselves from the same four rows of words
 * (x0, x1), (x2, x3).
 */
#ifndef MT_STRIP_3X3_STRIDE_1_H
#define MT_STRIP_3X3_STRIDE_1_H

#include "mt_strip_3x3.h"

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/* r3 (x0, x1), r12 (x2, x3): a += x0 * w0 + x1 * w1 + x2 * w2, b += x1 * w0 + x2 * w1 + x3 * w2. */
#define MT_ROW(a, b, first, last)                                                                           \
    "smlad " a ", r3, " first ", " a "\n smlabt " a ", r12, " last ", " a "\n"                              \
    "smlatb " b ", r3, " first ", " b "\n smlad " b ", r12, " last ", " b "\n"

#define MT_REQUANTISE_ONE(x) "smmla r3, " x ", r12, r1\n smmlar " x ", " x ", r0, r3\n"

/* r0 strip, r1 the next, r4 r5 upper sums, r2 lr lower sums, r6 to r11 weights. */
static inline __attribute__((always_inline)) void mt_run_strip_stride_1(mt_strip *job)
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
        "ldr r3, [r0], #8\n ldr r12, [r1], #8\n ldr r4, %[bias]\n mov r5, r4\n mov r2, r4\n mov lr, r4\n"
        MT_ROW("r4", "r5", "r6", "r9")
        "ldr r3, [r0, #-4]\n ldr r12, [r1, #-4]\n" MT_ROW("r4", "r5", "r7", "r10") MT_ROW("r2", "lr", "r6", "r9")
        "ldr r3, [r0]\n ldr r12, [r1]\n" MT_ROW("r4", "r5", "r8", "r11") MT_ROW("r2", "lr", "r7", "r10")
        "ldr r3, [r0, #4]\n ldr r12, [r1, #4]\n" MT_ROW("r2", "lr", "r8", "r11")
        "str r0, %[strip]\n ldr r0, %[left]\n ldr r12, %[right]\n ldr r1, %[addend]\n"
        "lsl r4, r4, r0\n lsl r5, r5, r0\n lsl r2, r2, r0\n lsl lr, lr, r0\n"
        "ldr r0, %[multiplier]\n"
        MT_REQUANTISE_ONE("r4") MT_REQUANTISE_ONE("r5") MT_REQUANTISE_ONE("r2") MT_REQUANTISE_ONE("lr")
        "asr r4, r4, r12\n asr r5, r5, r12\n asr r2, r2, r12\n asr lr, lr, r12\n"
        "usat r4, #8, r4\n usat r5, #8, r5\n usat r2, #8, r2\n usat lr, #8, lr\n"
        "ldr r0, %[excess]\n ldr r1, %[lowest]\n ldr r3, %[output]\n ldr r12, %[across]\n"
        "orr r4, r4, r5, lsl #8\n orr r4, r4, r2, lsl #16\n orr r4, r4, lr, lsl #24\n"
        "uqsub8 r4, r4, r0\n uadd8 r4, r4, r1\n"
        "ldr r0, %[down]\n add lr, r3, r0\n"
        "lsr r5, r4, #24\n strb r5, [lr, r12]\n lsr r5, r4, #16\n strb r5, [lr]\n" /* what may be dropped first */
        "lsr r5, r4, #8\n strb r5, [r3, r12]\n strb r4, [r3]\n"
        "add lr, lr, r0\n str lr, %[output]\n"
        "ldr r0, %[strip]\n ldr r1, %[gap]\n ldr r2, %[end]\n add r1, r0, r1\n cmp r0, r2\n bne 1b\n"
        : [strip] "+m"(job->strip), [output] "+m"(job->output)
        : [bias] "m"(job->bias), [left] "m"(job->left), [right] "m"(job->right), [addend] "m"(job->addend),
          [multiplier] "m"(job->multiplier), [excess] "m"(job->to.excess), [lowest] "m"(job->to.lowest),
          [across] "m"(job->across), [down] "m"(job->down), [gap] "m"(job->gap), [end] "m"(job->end), "r"(f0),
          "r"(f1), "r"(f2), "r"(l0), "r"(l1), "r"(l2)
        : "r0", "r1", "r2", "r3", "r4", "r5", "r12", "lr", "cc", "memory");
}

#else

static inline void mt_run_strip_stride_1(mt_strip *job)
{
    for (; job->strip != job->end; job->strip += 2, job->output += 2 * job->down) {
        uint32_t bytes = 0;
        for (uint32_t i = 0; i < 2; i++) {
            const uint32_t *row = job->strip + i, *next = row + job->gap / 4;
            int32_t a = job->bias, b = job->bias;
            for (uint32_t k = 0; k < 3; k++) {
                a = mt_add_row_3(job, k, row[k], (int16_t)next[k], a);
                b = mt_add_row_3(job, k, row[k] >> 16 | next[k] << 16, (int32_t)next[k] >> 16, b);
            }
            bytes |= (mt_strip_byte(job, a) | mt_strip_byte(job, b) << 8) << (16 * i);
        }
        bytes = mt_bytes_to_output(bytes, &job->to);
        job->output[job->down + job->across] = (int8_t)(bytes >> 24); /* what may be dropped first */
        job->output[job->down] = (int8_t)(bytes >> 16);
        job->output[job->across] = (int8_t)(bytes >> 8);
        *job->output = (int8_t)bytes;
    }
}

#endif

#endif
