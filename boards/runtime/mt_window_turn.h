/*
 * Four outputs of a channel, whose windows lie side by side in rows of 16-bit lanes.
 */
#ifndef MT_WINDOW_TURN_H
#define MT_WINDOW_TURN_H

#include "mt_quantise.h"

/* What the turns of a channel have in common. */
typedef struct {
    const uint32_t *offsets; /* bytes from a turn's lanes to each row of its windows */
    const uint32_t *end;
    uint32_t words; /* of weights in a row */
    uint32_t step;  /* bytes from a word of a window to the next */
    uint32_t apart; /* bytes from a window to the next */
    int32_t bias;
    int32_t multiplier;
    uint32_t left;
    uint32_t right;
    int32_t addend;    /* to.offset << right >> 1 */
    uint32_t steps[3]; /* bytes from the first output to the others; what is beyond the row falls on its last one */
    mt_bytes_output to;
} mt_turns;

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

#define MT_NEXT_ROW "ldr r1, %[lanes]\n ldr r8, [lr], #4\n ldr r11, %[words]\n"
#define MT_FOUR(a, b, c, d)                                                                                 \
    "smlad r4, " a ", r8, r4\n smlad r5, " b ", r8, r5\n smlad r6, " c ", r8, r6\n smlad r7, " d ", r8, r7\n"
#define MT_SHIFTED_BYTE(sum)                                                                                \
    "lsl " sum ", " sum ", r0\n smmla r8, " sum ", r1, r3\n smmlar " sum ", " sum ", r2, r8\n"              \
    "asr " sum ", " sum ", r1\n usat " sum ", #8, " sum "\n"

/*
 * r0 weights, r1 lanes of the first window and r2 of the third, r3 `apart`, r4 to r7 sums, r8 weight, r11 words left,
 * lr offsets. Windows a value apart whose words are contiguous, the first loop, share two of four loads with the next
 * word; there r3 is the end of the offsets.
 */
static inline __attribute__((always_inline)) void mt_run_turn(const mt_turns *turns, const uint32_t *weights,
                                                              const int8_t *lanes, int8_t *output)
{
    register const uint32_t *r0 __asm__("r0") = weights;
    __asm__ volatile(
        "ldr r3, %[apart]\n ldr r12, %[step]\n ldr lr, %[offsets]\n ldr r4, %[bias]\n"
        "mov r5, r4\n mov r6, r4\n mov r7, r4\n"
        "eor r8, r12, #4\n eor r11, r3, #2\n orrs r8, r8, r11\n bne 4f\n ldr r3, %[end]\n"
        "1:\n" MT_NEXT_ROW "add r1, r8\n ldr r9, [r1]\n ldr r10, [r1, #2]\n"
        "2:\n"
        "ldr r8, [r0], #4\n ldr r2, [r1, #4]\n ldr r12, [r1, #6]\n" MT_FOUR("r9", "r10", "r2", "r12")
        "subs r11, #1\n beq 3f\n"
        "ldr r8, [r0], #4\n ldr r9, [r1, #8]!\n ldr r10, [r1, #2]\n" MT_FOUR("r2", "r12", "r9", "r10")
        "subs r11, #1\n bne 2b\n"
        "3:\n"
        "cmp lr, r3\n bne 1b\n b 6f\n"
        "4:\n" MT_NEXT_ROW "add r1, r8\n add r2, r1, r3, lsl #1\n"
        "5:\n"
        "ldr r8, [r0], #4\n ldr r9, [r1]\n ldr r10, [r1, r3]\n"
        "smlad r4, r9, r8, r4\n smlad r5, r10, r8, r5\n add r1, r12\n"
        "ldr r9, [r2]\n ldr r10, [r2, r3]\n"
        "smlad r6, r9, r8, r6\n smlad r7, r10, r8, r7\n add r2, r12\n"
        "subs r11, #1\n bne 5b\n"
        "ldr r8, %[end]\n cmp lr, r8\n bne 4b\n"
        "6:\n"
        "ldr r0, %[left]\n ldr r1, %[right]\n ldr r2, %[multiplier]\n ldr r3, %[addend]\n"
        MT_SHIFTED_BYTE("r4") MT_SHIFTED_BYTE("r5") MT_SHIFTED_BYTE("r6") MT_SHIFTED_BYTE("r7")
        "orr r4, r4, r5, lsl #8\n orr r4, r4, r6, lsl #16\n orr r4, r4, r7, lsl #24\n"
        "ldr r0, %[excess]\n ldr r1, %[lowest]\n ldr r2, %[output]\n"
        "ldr r3, %[second]\n ldr r5, %[third]\n ldr r6, %[fourth]\n"
        "uqsub8 r4, r4, r0\n uadd8 r4, r4, r1\n"
        "lsrs r0, r4, #24\n strb r0, [r2, r6]\n lsrs r0, r4, #16\n strb r0, [r2, r5]\n" /* the first one last */
        "lsrs r0, r4, #8\n strb r0, [r2, r3]\n strb r4, [r2]\n"
        : "+&r"(r0)
        : [lanes] "m"(lanes), [output] "m"(output), [words] "m"(turns->words), [step] "m"(turns->step),
          [apart] "m"(turns->apart), [offsets] "m"(turns->offsets), [end] "m"(turns->end), [bias] "m"(turns->bias),
          [left] "m"(turns->left), [right] "m"(turns->right), [multiplier] "m"(turns->multiplier),
          [addend] "m"(turns->addend), [excess] "m"(turns->to.excess), [lowest] "m"(turns->to.lowest),
          [second] "m"(turns->steps[0]), [third] "m"(turns->steps[1]), [fourth] "m"(turns->steps[2])
        : "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

#else

static inline void mt_run_turn(const mt_turns *turns, const uint32_t *weights, const int8_t *lanes, int8_t *output)
{
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < 4; i++, lanes += turns->apart) {
        const uint32_t *weight = weights;
        int32_t sum = turns->bias;
        for (const uint32_t *offset = turns->offsets; offset != turns->end; offset++) {
            const int8_t *values = lanes + *offset;
            for (uint32_t left = turns->words; left > 0; left--, values += turns->step) {
                sum = mt_smlad(mt_load_4(values), *weight++, sum);
            }
        }
        bytes |= mt_channel_byte(sum, turns->multiplier, turns->left, turns->right, turns->to.offset) << (8 * i);
    }
    bytes = mt_bytes_to_output(bytes, &turns->to);
    output[turns->steps[2]] = (int8_t)(bytes >> 24); /* the first one last */
    output[turns->steps[1]] = (int8_t)(bytes >> 16);
    output[turns->steps[0]] = (int8_t)(bytes >> 8);
    *output = (int8_t)bytes;
}

#endif

#endif
