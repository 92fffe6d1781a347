/*
 * Four sums of a channel, whose windows lie side by side in rows of 16-bit lanes.
 */
#ifndef MT_WINDOW_SUMS_H
#define MT_WINDOW_SUMS_H

#include "mt_simd.h"

typedef struct {
    const uint32_t *offsets; /* bytes from `lanes` to each row of the windows */
    const uint32_t *end;
    uint32_t words; /* of weights in a row */
    uint32_t step;  /* bytes from a word of a window to the next */
    uint32_t apart; /* bytes from a window to the next */
} mt_windows;

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

#define MT_NEXT_ROW "ldr r1, %[lanes]\n ldr r8, [lr], #4\n ldr r11, %[words]\n"
#define MT_FOUR(a, b, c, d)                                                                                 \
    "smlad r4, " a ", r8, r4\n smlad r5, " b ", r8, r5\n smlad r6, " c ", r8, r6\n smlad r7, " d ", r8, r7\n"

/*
 * r0 weights, r1 lanes of the first window and r2 of the third, r3 `apart`, r4 to r7 sums, r8 weight, r11 words left, lr
 * offsets. Windows a value apart whose words are contiguous, the first loop, share two of four loads with the next word.
 */
static inline __attribute__((always_inline)) void mt_sum_windows(const mt_windows *windows, const uint32_t *weights,
                                                                 const int8_t *lanes, int32_t bias, int32_t *sums)
{
    register const uint32_t *r0 __asm__("r0") = weights;
    register uint32_t r3 __asm__("r3") = windows->apart;
    register int32_t r4 __asm__("r4") = bias;
    register int32_t r5 __asm__("r5");
    register int32_t r6 __asm__("r6");
    register int32_t r7 __asm__("r7");
    __asm__ volatile(
        "mov r5, r4\n mov r6, r4\n mov r7, r4\n ldr r12, %[step]\n ldr lr, %[offsets]\n"
        "eor r8, r12, #4\n eor r11, r3, #2\n orrs r8, r8, r11\n bne 4f\n"
        "1:\n" MT_NEXT_ROW "add r1, r8\n ldr r9, [r1]\n ldr r10, [r1, #2]\n"
        "2:\n"
        "ldr r8, [r0], #4\n ldr r2, [r1, #4]\n ldr r12, [r1, #6]\n" MT_FOUR("r9", "r10", "r2", "r12")
        "subs r11, #1\n beq 3f\n"
        "ldr r8, [r0], #4\n ldr r9, [r1, #8]!\n ldr r10, [r1, #2]\n" MT_FOUR("r2", "r12", "r9", "r10")
        "subs r11, #1\n bne 2b\n"
        "3:\n"
        "ldr r8, %[end]\n cmp lr, r8\n bne 1b\n b 6f\n"
        "4:\n" MT_NEXT_ROW "add r1, r8\n add r2, r1, r3, lsl #1\n"
        "5:\n"
        "ldr r8, [r0], #4\n ldr r9, [r1]\n ldr r10, [r1, r3]\n"
        "smlad r4, r9, r8, r4\n smlad r5, r10, r8, r5\n add r1, r12\n"
        "ldr r9, [r2]\n ldr r10, [r2, r3]\n"
        "smlad r6, r9, r8, r6\n smlad r7, r10, r8, r7\n add r2, r12\n"
        "subs r11, #1\n bne 5b\n"
        "ldr r8, %[end]\n cmp lr, r8\n bne 4b\n"
        "6:\n"
        : "+&r"(r0), "+&r"(r4), "=&r"(r5), "=&r"(r6), "=&r"(r7)
        : "r"(r3), [lanes] "m"(lanes), [words] "m"(windows->words), [step] "m"(windows->step),
          [offsets] "m"(windows->offsets), [end] "m"(windows->end)
        : "r1", "r2", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
    sums[0] = r4;
    sums[1] = r5;
    sums[2] = r6;
    sums[3] = r7;
}

#else

static inline void mt_sum_windows(const mt_windows *windows, const uint32_t *weights, const int8_t *lanes,
                                  int32_t bias, int32_t *sums)
{
    for (uint32_t i = 0; i < 4; i++) {
        sums[i] = bias;
    }
    for (const uint32_t *offset = windows->offsets; offset != windows->end; offset++) {
        const int8_t *values = lanes + *offset;
        for (uint32_t left = windows->words; left > 0; left--, weights++, values += windows->step) {
            for (uint32_t i = 0; i < 4; i++) {
                sums[i] = mt_smlad(mt_load_4(values + i * windows->apart), *weights, sums[i]);
            }
        }
    }
}

#endif

#endif
