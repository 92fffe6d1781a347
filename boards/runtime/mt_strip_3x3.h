/*
 * What the kernels of one strip under a 3x3 window have in common.
 */
#ifndef MT_STRIP_3X3_H
#define MT_STRIP_3X3_H

#include "mt_kernels.h"
#include "mt_quantise.h"

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/* Both sums, in r4 and r5, to stored bytes; as mt_channel_byte does it. */
#define REQUANTISE_AND_STORE                                                                                \
    "ldr r3, [sp, #4]\n ldr r12, [sp, #8]\n ldr lr, [sp, #12]\n ldr r2, [sp, #16]\n"                        \
    "lsl r4, r4, r3\n lsl r5, r5, r3\n"                                                                     \
    "smmla r3, r4, r12, lr\n smmla lr, r5, r12, lr\n smmlar r4, r4, r2, r3\n smmlar r5, r5, r2, lr\n"       \
    "asr r4, r4, r12\n asr r5, r5, r12\n usat r4, #8, r4\n usat r5, #8, r5\n"                               \
    "ldr r2, [sp, #20]\n ldr r3, [sp, #24]\n ldr lr, [sp, #28]\n ldr r12, [sp, #32]\n"                      \
    "orr r4, r4, r5, lsl #16\n uqsub8 r4, r4, r2\n uadd8 r4, r4, r3\n lsr r5, r4, #16\n"                    \
    "strb r5, [lr, r12]\n strb r4, [lr]\n"                                                                  \
    "ldr r12, [sp, #36]\n ldr r2, [sp, #40]\n add lr, lr, r12\n str lr, [sp, #28]\n"

/* The job's first eleven fields go to the stack; r0 strip, r1 next, r6 to r11 weights. */
#define ENTER                                                                                               \
    "push {r4-r11, lr}\n ldm r0!, {r1-r11}\n push {r1-r11}\n ldm r0, {r0, r1, r6-r11}\n"
#define LEAVE "add sp, sp, #44\n pop {r4-r11, pc}\n"

#else

/* One row of the window: + x0 * w0 + x1 * w1 + x2 * w2. */
static inline int32_t mt_add_row_3(const mt_strip_3x3 *job, uint32_t row, uint32_t x01, int32_t x2, int32_t sum)
{
    return mt_smlad(x01, job->first[row], sum) + x2 * ((int32_t)job->last[row] >> 16);
}

/* Store a pair; the first last, so that it remains where both have one address. */
static inline void mt_store_pair(const mt_strip_3x3 *job, const int32_t *sums, int8_t *output)
{
    const mt_bytes_output to = {0, job->excess, job->lowest};
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < 2; i++) {
        int32_t shifted = (int32_t)((uint32_t)sums[i] << job->left);
        int32_t addend = mt_multiply_high_add(shifted, (int32_t)job->right, (int32_t)job->addend);
        int32_t scaled = mt_multiply_high_round_add(shifted, job->multiplier, addend);
        bytes |= mt_saturate_u8(scaled >> job->right) << (16 * i);
    }
    bytes = mt_bytes_to_output(bytes, &to);
    output[job->distance] = (int8_t)(bytes >> 16);
    *output = (int8_t)bytes;
}

#endif

#endif
