/* From 32-bit sums to stored int16 in assembly, for cores with DSP instructions: pieces of larger ones. */
#ifndef MT_SCALE_S16_H
#define MT_SCALE_S16_H

#include "mt_kernels_s16.h"

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/* Constants of the channel at these offsets from r1: r8, r9 bias, r10 multiplier, r11 shift, lr, r12 half a unit. */
#define MT_CHANNEL_S16(low, high, multiplier, right)                                                        \
    "ldr r8, [r1, #" low "]\n ldr r9, [r1, #" high "]\n ldr r10, [r1, #" multiplier "]\n"                   \
    "ldrb r11, [r1, #" right "]\n mov r12, #1\n mov lr, #0x80000000\n"                                      \
    "lsl r12, r12, r11\n lsl lr, lr, r11\n lsr r12, r12, #1\n"

/* A sum of that channel to a stored value, as mt_scaled_wide does it; r2 and r3 are lost. */
#define MT_SCALE_S16(sum)                                                                                   \
    "adds r2, " sum ", r8\n adc r3, r9, " sum ", asr #31\n"                                                 \
    "mla r3, r3, r10, r12\n mov " sum ", lr\n umlal " sum ", r3, r2, r10\n"                                 \
    "asr " sum ", r3, r11\n ssat " sum ", #16, " sum "\n"

/* Two values in a word to the range that r8 and r9 hold twice each; r3 is lost. */
#define MT_CLAMP_S16(word)                                                                                  \
    "ssub16 r3, " word ", r8\n sel " word ", " word ", r8\n"                                                \
    "ssub16 r3, r9, " word "\n sel " word ", " word ", r9\n"

#endif

static inline uint32_t mt_twice(int16_t value)
{
    return (uint16_t)value * 0x10001u;
}

#endif
