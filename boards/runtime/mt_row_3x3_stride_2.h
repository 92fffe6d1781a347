/*
 * Stride 2: one row of outputs, from both lanes of a pair and the first lane of the one below.
 */
#ifndef MT_ROW_3X3_STRIDE_2_H
#define MT_ROW_3X3_STRIDE_2_H

#include "mt_row_3x3.h"

#define MT_OUTPUTS_PER_TURN 4u
#define MT_WORDS_PER_OUTPUT (2u * MT_CHANNELS_PER_WORD)

/* What rows have in common. */
typedef struct {
    uint32_t width;
    uint32_t across;          /* bytes from an output to the next */
    uint32_t steps[3];        /* and from the first of four to the others; those beyond the row fall on its last */
    uint32_t full;            /* bytes of the words of whole turns */
    uint32_t bytes;           /* and of all turns */
    uint32_t lacking;         /* by how many bytes of words the last turn goes back */
    uint32_t lacking_outputs; /* and of outputs */
    uint32_t back;            /* bytes from where a channel's words end to where the next one's start */
    uint32_t output_back;     /* and of its outputs */
    const mt_channel_3x3 *last;
} mt_rows_stride_2;

static inline void mt_prepare_rows_stride_2(mt_rows_stride_2 *rows, uint32_t width, uint32_t across,
                                            const mt_channel_3x3 *last)
{
    const uint32_t wide = width < MT_OUTPUTS_PER_TURN ? MT_OUTPUTS_PER_TURN : width;
    const uint32_t lacking = (0u - wide) % MT_OUTPUTS_PER_TURN, bytes = 4 * MT_WORDS_PER_OUTPUT;
    rows->width = width;
    rows->across = across;
    for (uint32_t i = 0; i < 3; i++) {
        rows->steps[i] = (i + 1 < width ? i + 1 : width - 1) * across;
    }
    rows->full = wide / MT_OUTPUTS_PER_TURN * MT_OUTPUTS_PER_TURN * bytes;
    rows->bytes = wide * bytes;
    rows->lacking = lacking * bytes;
    rows->lacking_outputs = lacking * across;
    rows->back = wide * bytes - 4;
    rows->output_back = wide * rows->steps[0] - 1;
    rows->last = last;
}

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

#define MT_NEXT_COLUMN(offset) "ldr r12, [r1, #" offset "]\n ldr lr, [r2, #" offset "]\n"

/* The window's left, middle and right column; the sum starts from `from`. */
#define MT_LEFT_FROM(sum, from) "smlad " sum ", r12, r3, " from "\n smlabb " sum ", lr, r6, " sum "\n"
#define MT_MIDDLE(sum) "smlad " sum ", r12, r4, " sum "\n smlabt " sum ", lr, r6, " sum "\n"
#define MT_RIGHT(sum) "smlad " sum ", r12, r5, " sum "\n smlabb " sum ", lr, r7, " sum "\n"

/*
 * Four outputs a turn. r0 channel, r1 pair, r2 the one below, r3 to r7 weights, r8 to r11 sums. A last turn that is not
 * full goes back as far as it lacks outputs and computes some again; of a row of less than four, those beyond its end
 * are dropped. The words of a channel end at most three words behind those of the first, so that one end serves all.
 */
static inline __attribute__((always_inline)) void mt_run_row_stride_2(const mt_rows_stride_2 *rows,
                                                                      const mt_row_3x3 *row)
{
    const int8_t *full = (const int8_t *)row->pair + rows->full, *end = (const int8_t *)row->pair + rows->bytes;
    int8_t *output = row->output;
    register const mt_channel_3x3 *r0 __asm__("r0") = row->channel;
    register const uint32_t *r1 __asm__("r1") = row->pair;
    register const uint32_t *r2 __asm__("r2") = row->below;
    __asm__ volatile(
        "0:\n"
        "ldr r3, [r0]\n ldr r4, [r0, #4]\n ldr r6, [r0, #12]\n"
        "1:\n"
        "ldr r11, [r0, #24]\n ldr r12, [r1], #128\n ldr lr, [r2], #128\n ldr r9, [r1, #-112]\n ldr r10, [r2, #-112]\n"
        MT_LEFT_FROM("r8", "r11") "smlad r8, r9, r4, r8\n smlabt r8, r10, r6, r8\n"
        "ldr r5, [r0, #8]\n ldr r7, [r0, #16]\n"
        MT_NEXT_COLUMN("-96") MT_RIGHT("r8") MT_LEFT_FROM("r9", "r11")
        MT_NEXT_COLUMN("-80") MT_MIDDLE("r9")
        MT_NEXT_COLUMN("-64") MT_RIGHT("r9") MT_LEFT_FROM("r10", "r11")
        MT_NEXT_COLUMN("-48") MT_MIDDLE("r10")
        MT_NEXT_COLUMN("-32") MT_RIGHT("r10") MT_LEFT_FROM("r11", "r11")
        MT_NEXT_COLUMN("-16") MT_MIDDLE("r11")
        MT_NEXT_COLUMN("0") MT_RIGHT("r11")
        MT_LOAD_SCALE("r5", "r7")
        MT_REQUANTISE("r8", "r5", "r7") MT_REQUANTISE("r9", "r5", "r7")
        MT_REQUANTISE("r10", "r5", "r7") MT_REQUANTISE("r11", "r5", "r7")
        "ldr r5, %[output]\n ldr r7, %[second]\n ldr r12, %[third]\n ldr lr, %[fourth]\n"
        "strb r11, [r5, lr]\n strb r10, [r5, r12]\n strb r9, [r5, r7]\n strb r8, [r5]\n" /* the first one last */
        "add r5, r5, r7, lsl #2\n str r5, %[output]\n ldr r7, %[full]\n cmp r1, r7\n blo 1b\n"
        "ldr r7, %[end]\n cmp r1, r7\n bhs 2f\n"
        "ldr r7, %[lacking]\n ldr r12, %[lacking_outputs]\n"
        "subs r1, r7\n subs r2, r7\n sub r5, r5, r12\n str r5, %[output]\n b 1b\n"
        "2:\n"
        "ldr r7, %[back]\n ldr r12, %[output_back]\n ldr lr, %[last]\n"
        "subs r1, r7\n subs r2, r7\n sub r5, r5, r12\n str r5, %[output]\n adds r0, #40\n cmp r0, lr\n bne 0b\n"
        : "+&r"(r0), "+&r"(r1), "+&r"(r2), [output] "+m"(output)
        : [end] "m"(end), [full] "m"(full), [second] "m"(rows->steps[0]), [third] "m"(rows->steps[1]),
          [fourth] "m"(rows->steps[2]), [lacking] "m"(rows->lacking), [lacking_outputs] "m"(rows->lacking_outputs),
          [back] "m"(rows->back), [output_back] "m"(rows->output_back), [last] "m"(rows->last)
        : "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

#else

static inline void mt_run_row_stride_2(const mt_rows_stride_2 *rows, const mt_row_3x3 *row)
{
    const uint32_t *pair = row->pair, *below = row->below;
    int8_t *output = row->output;
    for (const mt_channel_3x3 *channel = row->channel; channel != rows->last; channel++, pair++, below++, output++) {
        for (uint32_t x = 0; x < rows->width; x++) {
            int32_t sum = channel->bias;
            for (uint32_t i = 0; i < 3; i++) {
                const uint32_t column = (2 * x + i) * MT_CHANNELS_PER_WORD;
                sum = mt_smlad(pair[column], channel->first[i], sum);
                sum = mt_smlad(below[column], channel->last[i / 2] >> (i % 2 * 16) & 0xffffu, sum);
            }
            output[x * rows->across] = mt_3x3_byte(channel, sum);
        }
    }
}

#endif

#endif
