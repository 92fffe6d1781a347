/*
 * Stride 1: a row of outputs and the one under it. The upper one takes both lanes of a pair and the first of the next,
 * the lower one the second lane and both of the next: 9 products in 6 instructions.
 */
#ifndef MT_ROW_3X3_STRIDE_1_H
#define MT_ROW_3X3_STRIDE_1_H

#include "mt_row_3x3.h"

/* What rows have in common. */
typedef struct {
    uint32_t width;
    uint32_t across;      /* bytes from an output to the next */
    uint32_t down;        /* and to the one under it; 0 drops the lower row */
    uint32_t bytes;       /* of the words of whole turns; one less if an odd column follows, which tells so */
    uint32_t back;        /* bytes from where a channel's words end to where the next one's start */
    uint32_t output_back; /* and of its outputs */
    const mt_channel_3x3 *last;
} mt_rows_stride_1;

static inline void mt_prepare_rows_stride_1(mt_rows_stride_1 *rows, uint32_t width, uint32_t across,
                                            const mt_channel_3x3 *last)
{
    const uint32_t even = width & ~1u, bytes = even * 4 * MT_CHANNELS_PER_WORD;
    rows->width = width;
    rows->across = across;
    rows->bytes = bytes - width % 2;
    rows->back = bytes - 4;
    rows->output_back = even * across - 1;
    rows->last = last;
}

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/* One column of inputs, r12 of the pair and lr of the one below, for output `a` and `b` under it, whose sums start from
 * `from_a` and `from_b`. */
#define MT_COLUMN_FROM(a, b, first, last, from_a, from_b)                                                   \
    "smlad " a ", r12, " first ", " from_a "\n smlad " b ", lr, " last ", " from_b "\n"                     \
    "smlabt " a ", lr, " last ", " a "\n smlatb " b ", r12, " first ", " b "\n"
#define MT_COLUMN(a, b, first, last) MT_COLUMN_FROM(a, b, first, last, a, b)

/*
 * Two columns a turn. r0 channel, r1 pair, r2 the one below, r3 output, r4 r5 weights of the window's middle, r6 r7 of
 * its left and then of its right side, r8 r10 upper sums, r9 r11 lower sums. The words of a channel end at most three
 * words behind those of the first, so that one end serves all.
 */
static inline __attribute__((always_inline)) void mt_run_row_stride_1(const mt_rows_stride_1 *rows,
                                                                      const mt_row_3x3 *row)
{
    const int8_t *end = (const int8_t *)row->pair + rows->bytes;
    register const mt_channel_3x3 *r0 __asm__("r0") = row->channel;
    register const uint32_t *r1 __asm__("r1") = row->pair;
    register const uint32_t *r2 __asm__("r2") = row->below;
    register int8_t *r3 __asm__("r3") = row->output;
    __asm__ volatile(
        "0:\n"
        "ldr r4, [r0, #4]\n ldr r5, [r0, #16]\n"
        "1:\n"
        "ldr r6, [r0]\n ldr r7, [r0, #12]\n ldr r11, [r0, #24]\n ldr r12, [r1], #32\n ldr lr, [r2], #32\n"
        MT_COLUMN_FROM("r8", "r9", "r6", "r7", "r11", "r11")
        "ldr r12, [r1, #-16]\n ldr lr, [r2, #-16]\n"
        MT_COLUMN("r8", "r9", "r4", "r5") MT_COLUMN_FROM("r10", "r11", "r6", "r7", "r11", "r11")
        "ldr r6, [r0, #8]\n ldr r7, [r0, #20]\n ldr r12, [r1]\n ldr lr, [r2]\n"
        MT_COLUMN("r8", "r9", "r6", "r7") MT_COLUMN("r10", "r11", "r4", "r5")
        "ldr r12, [r1, #16]\n ldr lr, [r2, #16]\n" MT_COLUMN("r10", "r11", "r6", "r7")
        MT_LOAD_SCALE("r6", "r7")
        MT_REQUANTISE("r8", "r6", "r7") MT_REQUANTISE("r9", "r6", "r7")
        MT_REQUANTISE("r10", "r6", "r7") MT_REQUANTISE("r11", "r6", "r7")
        "ldr r6, %[down]\n ldr r7, %[across]\n ldr r12, %[end]\n"
        "strb r9, [r3, r6]\n strb r8, [r3]\n add r3, r7\n" /* the lower one first: it may be dropped */
        "strb r11, [r3, r6]\n strb r10, [r3]\n add r3, r7\n"
        "cmp r1, r12\n blo 1b\n"
        "lsls r12, r12, #31\n beq 2f\n" /* an odd last column */
        "ldr r6, [r0]\n ldr r7, [r0, #12]\n ldr r9, [r0, #24]\n ldr r12, [r1]\n ldr lr, [r2]\n"
        MT_COLUMN_FROM("r8", "r9", "r6", "r7", "r9", "r9")
        "ldr r12, [r1, #16]\n ldr lr, [r2, #16]\n" MT_COLUMN("r8", "r9", "r4", "r5")
        "ldr r6, [r0, #8]\n ldr r7, [r0, #20]\n ldr r12, [r1, #32]\n ldr lr, [r2, #32]\n"
        MT_COLUMN("r8", "r9", "r6", "r7")
        MT_LOAD_SCALE("r6", "r7") MT_REQUANTISE("r8", "r6", "r7") MT_REQUANTISE("r9", "r6", "r7")
        "ldr r6, %[down]\n strb r9, [r3, r6]\n strb r8, [r3]\n"
        "2:\n"
        "ldr r6, %[back]\n ldr r7, %[output_back]\n ldr r12, %[last]\n"
        "subs r1, r6\n subs r2, r6\n subs r3, r7\n adds r0, #40\n cmp r0, r12\n bne 0b\n"
        : "+&r"(r0), "+&r"(r1), "+&r"(r2), "+&r"(r3)
        : [end] "m"(end), [across] "m"(rows->across), [down] "m"(rows->down),
          [back] "m"(rows->back), [output_back] "m"(rows->output_back), [last] "m"(rows->last)
        : "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

#else

static inline void mt_run_row_stride_1(const mt_rows_stride_1 *rows, const mt_row_3x3 *row)
{
    const uint32_t *pair = row->pair, *below = row->below;
    int8_t *output = row->output;
    for (const mt_channel_3x3 *channel = row->channel; channel != rows->last; channel++, pair++, below++, output++) {
        for (uint32_t x = 0; x < rows->width; x++) {
            int32_t upper = channel->bias, lower = channel->bias;
            for (uint32_t i = 0; i < 3; i++) {
                const uint32_t a = pair[(x + i) * MT_CHANNELS_PER_WORD], b = below[(x + i) * MT_CHANNELS_PER_WORD];
                const uint32_t first = channel->first[i], last = channel->last[i];
                upper = mt_smlad(b, last >> 16, mt_smlad(a, first, upper));
                lower = mt_smlad(a >> 16, first & 0xffffu, mt_smlad(b, last, lower));
            }
            output[x * rows->across + rows->down] = mt_3x3_byte(channel, lower); /* first: it may be dropped */
            output[x * rows->across] = mt_3x3_byte(channel, upper);
        }
    }
}

#endif

#endif
