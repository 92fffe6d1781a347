/*
 * Channels under a 3x3 window, along a row of outputs: what strides 1 and 2 have in common.
 *
 * Rows of the input come in pairs, widened to words (value of the upper row, value of the lower one); the words of four
 * channels lie side by side. A pair holds the first two rows of a window, the pair below it the third.
 */
#ifndef MT_ROW_3X3_H
#define MT_ROW_3X3_H

#include "mt_kernels.h"
#include "mt_quantise.h"

#define MT_CHANNELS_PER_WORD 4u

/* A channel's constants; weights and bias are multiplied by 2^left, which the scale then lacks. The assembly counts on
 * the order and on 40 bytes. */
typedef struct {
    uint32_t first[3]; /* weights (w0, w1) of a window's columns, from the top down */
    uint32_t last[3];  /* (w1, w2) for stride 1; for stride 2 w2 of the columns: (0, 1), (2, none) */
    int32_t bias;
    int32_t addend; /* to.offset << right >> 1 */
    uint32_t right;
    int32_t multiplier;
} mt_channel_3x3;

/* Where a row of outputs is: the first channel's of each, the other channels' beside it. */
typedef struct {
    const mt_channel_3x3 *channel;
    uint32_t *pair;
    uint32_t *below;
    int8_t *output;
} mt_row_3x3;

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/* r0 is the channel; addend in r12, shift and multiplier in two registers. Then one sum, with lr in between. */
#define MT_LOAD_SCALE(right, multiplier)                                                                    \
    "ldr r12, [r0, #28]\n ldr " right ", [r0, #32]\n ldr " multiplier ", [r0, #36]\n"
#define MT_REQUANTISE(sum, right, multiplier)                                                               \
    "smmla lr, " sum ", " right ", r12\n smmlar " sum ", " sum ", " multiplier ", lr\n"                     \
    "asr " sum ", " sum ", " right "\n usat " sum ", #8, " sum "\n"

#else

static inline int8_t mt_3x3_byte(const mt_channel_3x3 *channel, int32_t sum)
{
    int32_t addend = mt_multiply_high_add(sum, (int32_t)channel->right, channel->addend);
    return (int8_t)mt_saturate_u8(mt_multiply_high_round_add(sum, channel->multiplier, addend) >> channel->right);
}

#endif

#endif
