/*
 * DEPTHWISE_CONV_2D of int16 on cores with DSP instructions: four channels of an output pixel at a time, in one piece
 * of assembly, because all registers are in use.
 */
#ifndef MT_QUARTETS_S16_H
#define MT_QUARTETS_S16_H

#include "mt_scale_s16.h"

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/* What the registers have no room for. Steps lead from a tap to the next, skips from a row of taps to the next. */
typedef struct {
    const int16_t *values;
    const int8_t *weights;
    const mt_channel_s16 *channels;
    const mt_channel_s16 *channels_end;
    int16_t *output;
    uint32_t height;
    uint32_t width;
    uint32_t input_step; /* bytes, as all below */
    uint32_t input_skip;
    uint32_t weights_step;
    uint32_t weights_skip;
    uint32_t lowest; /* twice in a word, as highest */
    uint32_t highest;
} mt_quartets;

/* r0 values, r1 weights, r2 rows of taps, r3 taps of a row, r4 to r7 the sums. */
static inline __attribute__((always_inline)) void mt_run_quartets_s16(mt_quartets *job)
{
    __asm__ volatile(
        "1:\n" /* four channels */
        "ldr r0, %[values]\n ldr r1, %[weights]\n ldr r2, %[height]\n ldr r10, %[input_step]\n"
        "ldr r11, %[weights_step]\n mov r4, #0\n mov r5, #0\n mov r6, #0\n mov r7, #0\n"
        "cmp r2, #0\n beq 4f\n"
        "2:\n" /* a row of taps */
        "ldr r3, %[width]\n"
        "3:\n"
        "ldr r12, [r1]\n ldr r8, [r0]\n ldr r9, [r0, #4]\n add r1, r1, r11\n add r0, r0, r10\n"
        "sxtb16 lr, r12\n sxtb16 r12, r12, ror #8\n"
        "smlabb r4, r8, lr, r4\n smlatt r5, r8, lr, r5\n smlabb r6, r9, r12, r6\n smlatt r7, r9, r12, r7\n"
        "subs r3, r3, #1\n bne 3b\n"
        "ldr r8, %[input_skip]\n ldr r9, %[weights_skip]\n add r0, r0, r8\n add r1, r1, r9\n"
        "subs r2, r2, #1\n bne 2b\n"
        "4:\n"
        "ldr r1, %[channels]\n"
        MT_CHANNEL_S16("0", "4", "8", "13") MT_SCALE_S16("r4")
        MT_CHANNEL_S16("16", "20", "24", "29") MT_SCALE_S16("r5")
        MT_CHANNEL_S16("32", "36", "40", "45") MT_SCALE_S16("r6")
        MT_CHANNEL_S16("48", "52", "56", "61") MT_SCALE_S16("r7")
        "ldr r8, %[lowest]\n ldr r9, %[highest]\n ldr r2, %[output]\n ldr r0, %[values]\n ldr r12, %[weights]\n"
        "ldr lr, %[channels_end]\n"
        "pkhbt r4, r4, r5, lsl #16\n pkhbt r6, r6, r7, lsl #16\n" MT_CLAMP_S16("r4") MT_CLAMP_S16("r6")
        "add r1, r1, #64\n add r0, r0, #8\n add r12, r12, #4\n"
        "str r4, [r2], #4\n str r6, [r2], #4\n str r2, %[output]\n str r1, %[channels]\n str r0, %[values]\n"
        "str r12, %[weights]\n"
        "cmp r1, lr\n bne 1b\n"
        : [values] "+m"(job->values), [weights] "+m"(job->weights), [channels] "+m"(job->channels),
          [output] "+m"(job->output)
        : [height] "m"(job->height), [width] "m"(job->width), [input_step] "m"(job->input_step),
          [input_skip] "m"(job->input_skip), [weights_step] "m"(job->weights_step),
          [weights_skip] "m"(job->weights_skip), [channels_end] "m"(job->channels_end), [lowest] "m"(job->lowest),
          [highest] "m"(job->highest)
        : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

#endif

#endif
