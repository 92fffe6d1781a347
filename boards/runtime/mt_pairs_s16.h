/*
 * CONV_2D of int16 on cores with DSP instructions: pairs of output channels of two neighbouring pixels.
 *
 * For layers whose window takes one pass and whose sums are wide. Everything from the first load to the stored values
 * is one piece of assembly: it needs all fourteen registers, and sums that go to memory cost more than they compute.
 */
#ifndef MT_PAIRS_S16_H
#define MT_PAIRS_S16_H

#include "mt_dot_s16.h"
#include "mt_scale_s16.h"

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/* What the registers have no room for. */
typedef struct {
    const mt_channel_s16 *channels;
    const mt_channel_s16 *channels_end;
    int16_t *output;
    const int16_t *x;
    const int16_t *y;
    uint32_t weights_bytes; /* of a pair */
    uint32_t distance;      /* bytes from the output of x to that of y */
    uint32_t lowest;        /* twice in a word, as highest */
    uint32_t highest;
} mt_pairs;

/* A row by two values of both columns, and by two more: r8 and r9 of x, r10 and r11 of y; r12 holds four weights. */
#define MT_ROW_S16(by_x, by_y)                                                                              \
    "sxtb16 lr, r12\n sxtb16 r12, r12, ror #8\n"                                                            \
    "smlad " by_x ", lr, r8, " by_x "\n smlad " by_y ", lr, r10, " by_y "\n"                                \
    "smlad " by_x ", r12, r9, " by_x "\n smlad " by_y ", r12, r11, " by_y "\n"

/* 16 products in 20 cycles: r0 weights, r1 x, r2 y, r4 to r7 the sums. */
#define MT_QUAD_S16                                                                                         \
    "ldr r12, [r0], #4\n ldr r9, [r1, #4]\n ldr r11, [r2, #4]\n ldr r8, [r1], #8\n ldr r10, [r2], #8\n"     \
    MT_ROW_S16("r4", "r5") "ldr r12, [r0], #4\n" MT_ROW_S16("r6", "r7")

static inline __attribute__((always_inline)) void mt_run_pairs_s16(const uint32_t *words, mt_pairs *job)
{
    register const uint32_t *weights __asm__("r0") = words;
    __asm__ volatile(
        "1:\n" /* a pair: the sums of a and b with x and y; an odd quad enters the loop in the middle */
        "ldr r3, %[weights_bytes]\n ldr r1, %[x]\n ldr r2, %[y]\n"
        "mov r4, #0\n mov r5, #0\n mov r6, #0\n mov r7, #0\n"
        "tst r3, #8\n add r3, r3, r0\n bne 3f\n"
        "2:\n" MT_QUAD_S16 "3:\n" MT_QUAD_S16 "cmp r0, r3\n bne 2b\n"
        "ldr r1, %[channels]\n"
        MT_CHANNEL_S16("0", "4", "8", "13") MT_SCALE_S16("r4") MT_SCALE_S16("r5")
        MT_CHANNEL_S16("16", "20", "24", "29") MT_SCALE_S16("r6") MT_SCALE_S16("r7")
        "ldr r8, %[lowest]\n ldr r9, %[highest]\n ldr r2, %[output]\n ldr r12, %[distance]\n ldr lr, %[channels_end]\n"
        "pkhbt r4, r4, r6, lsl #16\n pkhbt r5, r5, r7, lsl #16\n" MT_CLAMP_S16("r4") MT_CLAMP_S16("r5")
        "add r1, r1, #32\n"
        "str r5, [r2, r12]\n str r4, [r2], #4\n str r2, %[output]\n str r1, %[channels]\n"
        "cmp r1, lr\n bne 1b\n"
        : "+r"(weights), [channels] "+m"(job->channels), [output] "+m"(job->output)
        : [weights_bytes] "m"(job->weights_bytes), [x] "m"(job->x), [y] "m"(job->y),
          [channels_end] "m"(job->channels_end), [distance] "m"(job->distance), [lowest] "m"(job->lowest),
          [highest] "m"(job->highest)
        : "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}

/* Which channels of a layer this computes: so many from the first on. */
static inline uint32_t mt_paired_channels(const mt_conv2d_s16_layer *layer)
{
    return layer->is_narrow || layer->quads > MT_QUADS_PER_PASS ? 0 : layer->output.channels & ~1u;
}

/* `channels` of two pixels whose windows are x and y. */
static inline void mt_pairs_of_two(const mt_conv2d_s16_layer *layer, const int16_t *x, const int16_t *y,
                                   uint32_t channels, int16_t *output)
{
    mt_pairs job = {
        .channels = layer->channels,
        .channels_end = layer->channels + channels,
        .output = output,
        .x = x,
        .y = y,
        .weights_bytes = 8u * layer->quads,
        .distance = 2u * layer->output.channels,
        .lowest = mt_twice(layer->range.lowest),
        .highest = mt_twice(layer->range.highest),
    };
    mt_run_pairs_s16(layer->weights, &job);
}

#else

static inline uint32_t mt_paired_channels(const mt_conv2d_s16_layer *layer)
{
    (void)layer;
    return 0;
}

static inline void mt_pairs_of_two(const mt_conv2d_s16_layer *layer, const int16_t *x, const int16_t *y,
                                   uint32_t channels, int16_t *output)
{
    (void)layer, (void)x, (void)y, (void)channels, (void)output;
}

#endif

#endif
