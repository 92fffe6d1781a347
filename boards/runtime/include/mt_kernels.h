/*
 * The kernels: one function per operator, called by generated code with constants that the compiler folded.
 *
 * Activations are int8, layout [H, W, C] with C contiguous, batch 1. Every buffer belongs to the caller; input and
 * output must not overlap unless a kernel says that it works in place. No kernel keeps state, allocates or calls
 * into libc beyond memcpy and memset. Zero points are in [-128, 127]. Arithmetic is that of the TensorFlow Lite
 * 8-bit quantisation specification, bit for bit as the reference interpreter of TensorFlow Lite Micro computes it.
 * The instructions that a kernel runs depend on shapes only, never on weights, scales or data.
 */
#ifndef MT_KERNELS_H
#define MT_KERNELS_H

#include <stdint.h>

/* Sections by which the linker and the size report tell weights and arena from the rest. */
#define MT_WEIGHTS __attribute__((section(".rodata.mt_weights"), aligned(4)))
#define MT_ARENA __attribute__((section(".bss.mt_arena"), aligned(8)))

/* A real factor: multiplier / 2^31 * 2^(left - 1) / 2^(right - 1); left >= 1, right in [1, 31]. */
typedef struct {
    int32_t multiplier;
    uint8_t left;
    uint8_t right;
} mt_scale;

/*
 * Four output channels: what differs from one to the next. Channels come in fours, the last four filled up. The
 * bias has the input's zero point folded in: bias - zero_point * sum(weights of the channel). The factor is
 * multiplier / 2^31 * 2^(left - 1) / 2^right, with left >= 1 and right in [0, 30], of which only one scales:
 * left = 1 or right = 0. The constants guarantee that no step leaves 32 bits (see mt_quantise.h).
 */
typedef struct {
    int32_t bias[4];
    int32_t multipliers[4];
    struct {
        uint8_t left;
        uint8_t right;
    } shifts[4];
} mt_channels;

/*
 * The output of channels, in unsigned bytes that saturate at the upper end of the activation's range `highest`:
 * `offset` is 2 * (zero point + 255 - highest) + 1; `excess`, four times in a word, 255 - (highest - lowest);
 * `lowest`, four times in a word, the lower end.
 */
typedef struct {
    uint32_t offset;
    uint32_t excess;
    uint32_t lowest;
} mt_bytes_output;

/* Zero point of the output and the range its fused activation leaves. */
typedef struct {
    int16_t zero_point;
    int16_t lowest;
    int16_t highest;
} mt_output;

typedef struct {
    uint16_t height;
    uint16_t width;
    uint16_t channels;
} mt_shape;

/* A window that slides over height and width; rows and columns outside the input are padding. */
typedef struct {
    uint8_t height;
    uint8_t width;
    uint8_t stride_y;
    uint8_t stride_x;
    uint8_t dilation_y;
    uint8_t dilation_x;
    uint8_t pad_top;
    uint8_t pad_left;
} mt_window;

/*
 * Four rows of a matrix: the constants of their output channels, for doubled sums. bias is 2 * (bias - zero_point *
 * sum(weights)), the factor multiplier / 2^33 / 2^right, right in [0, 29]. Rows come in fours, filled up.
 */
typedef struct {
    int32_t bias[4];
    int32_t multipliers[4];
    uint8_t rights[4];
} mt_rows;

/*
 * A weight matrix [rows, depth] made for dual 16-bit multiply-accumulate.
 *
 * Rows come in blocks (A, B, C, D and so on; the last block is filled up with zeros), depth in quads (k0..k3, filled
 * up with zeros). A block's quad is a word AB(k0, k2), CD(k0, k2) and so on for two rows each, then AB(k1, k3),
 * CD(k1, k3) and so on, each of two 16-bit lanes; the lane of AB(k) is 256 * A[k] + B[k]. A word multiplied as it is
 * sums 256 * A + B, its sign-extended low bytes sum B: one extraction serves four products. Weights are in
 * [-127, 127]. offset is 2 * zero point of the output + 1; what a fused activation leaves, mt_clamp_s8 does.
 */
typedef struct {
    const uint32_t *words;
    const mt_rows *groups;
    uint16_t rows;
    uint16_t quads;
    int16_t offset;
} mt_matrix;

/*
 * One column: output[r] = requantised(bias[r] + sum over k of weights[r][k] * column[k]).
 * Blocks of eight rows. column: 2 words per quad, lanes (k0, k2) then (k1, k3).
 */
void mt_matmul_1_column_s8(const mt_matrix *matrix, const uint32_t *column, int8_t *output);

/*
 * Widen `count` bytes to lanes (k0, k2), (k1, k3), a last incomplete quad filled up with zeros: one column. Gives the
 * end.
 */
uint32_t *mt_widen_s8(const int8_t *bytes, uint32_t count, uint32_t *lanes);

/*
 * CONV_2D. matrix.rows output channels in blocks of four rows. The depth begins with the whole quads of every row of
 * the window; then come, each in a word (k, k'), two values of every row that has them left, then one value of every two
 * rows, the last alone if need be. scratch: 4 * matrix.quads words and, unless the window is 1x1 with stride 1, the
 * values under a window behind them, in bytes. Works in place for a 1x1 window with stride 1 whose output has no more
 * channels than its input.
 */
typedef struct {
    mt_matrix matrix;
    mt_shape input;
    mt_shape output;
    mt_window window;
    int8_t input_zero_point;
} mt_conv2d;

void mt_conv2d_s8(const mt_conv2d *layer, const int8_t *input, uint32_t *scratch, int8_t *output);

/*
 * DEPTHWISE_CONV_2D with a 3x3 window, stride 1 or 2 in both directions, as many output as input channels, at least
 * four; stride 1 with at least two columns of outputs; every `left` of the channels at most 8. weights:
 * [channel][3][3]. Works in place when the output has no more rows and columns than the input and pad_top is at most
 * 2.
 *
 * Four channels at a time, the input is widened to pairs of rows: `columns` columns of four words, the first `pad_left`
 * and what follows the `widened` ones of the input being padding. Stride 1 reads output.width + 2 columns, stride 2
 * 2 * max(output.width, 4) + 1. scratch: two such pairs and 160 bytes.
 */
typedef struct {
    const int8_t *weights;
    const mt_channels *channels;
    mt_bytes_output to;
    mt_shape input;
    mt_shape output;
    uint16_t columns;
    uint16_t widened;
    uint8_t stride;
    uint8_t pad_top;
    uint8_t pad_left;
    int8_t input_zero_point;
} mt_depthwise_conv2d_3x3;

void mt_depthwise_conv2d_3x3_s8(const mt_depthwise_conv2d_3x3 *layer, const int8_t *input, uint32_t *scratch,
                                int8_t *output);

/* An image in memory: bytes from a row to the next and from a pixel to the next. Rows may be what others call
 * columns. */
typedef struct {
    uint32_t row_step;
    uint32_t pixel_step;
    uint16_t height;
    uint16_t width;
    uint16_t channels;
} mt_image;

/*
 * DEPTHWISE_CONV_2D with any window. weights: [output channel][window.height][window.width]; output channel = input
 * channel * multiplier + m. If the images' rows are columns, so are the window's.
 *
 * Four channels at a time, a ring of `ring_rows` rows, the reach of the window, holds the input as int16: row after
 * row, in it channel after channel, `row_words` words each. The first pixel is at `indent`, pad_left rounded up to
 * even; `widened` pixels of the input are needed. A word of weights holds two taps, or one if dilation_x is not 1;
 * `words` are a row of the window. scratch: the ring, window.height words, and the words of four windows. Works in
 * place for multiplier 1 when no row of outputs reaches into rows of the input behind the last one that its windows
 * see.
 */
typedef struct {
    const int8_t *weights;
    const mt_channels *channels;
    mt_bytes_output to;
    mt_image input;
    mt_image output;
    mt_window window;
    uint16_t ring_rows;
    uint16_t row_words;
    uint16_t indent;
    uint16_t widened;
    uint16_t words;
    uint16_t multiplier;
    int8_t input_zero_point;
} mt_depthwise_conv2d;

void mt_depthwise_conv2d_s8(const mt_depthwise_conv2d *layer, const int8_t *input, uint32_t *scratch, int8_t *output);

/* Clamp `count` values in their place. */
void mt_clamp_s8(uint32_t count, int32_t lowest, int32_t highest, int8_t *values);

/* FULLY_CONNECTED of one sample: output [matrix.rows] in blocks of eight rows. scratch: 2 * matrix.quads words. */
typedef struct {
    mt_matrix matrix;
    uint32_t depth;
} mt_fully_connected;

void mt_fully_connected_s8(const mt_fully_connected *layer, const int8_t *input, uint32_t *scratch, int8_t *output);

/* AVERAGE_POOL_2D (padding does not count; rounds half away from zero) and MAX_POOL_2D. A window of at most 4,096
 * values; dilation 1. */
typedef struct {
    mt_shape input;
    mt_shape output;
    mt_window window;
    int16_t lowest;
    int16_t highest;
} mt_pool;

void mt_average_pool_s8(const mt_pool *layer, const int8_t *input, int8_t *output);
void mt_max_pool_s8(const mt_pool *layer, const int8_t *input, int8_t *output);

/* ADD. `a` and the output have `count` values; `b` has `period` values, repeated. The inputs' scales carry the
 * 20 extra bits of the sum; the larger of them is one half. Works in place. */
typedef struct {
    uint32_t count;
    uint32_t period;
    int16_t zero_point_a;
    int16_t zero_point_b;
    mt_scale scale_a;
    mt_scale scale_b;
    mt_scale scale;
    mt_output output;
} mt_add;

void mt_add_s8(const mt_add *layer, const int8_t *a, const int8_t *b, int8_t *output);

/* MUL. `a` and the output have `count` values; `b` has `period` values, repeated. Works in place. */
typedef struct {
    uint32_t count;
    uint32_t period;
    int16_t zero_point_a;
    int16_t zero_point_b;
    mt_scale scale;
    mt_output output;
} mt_mul;

void mt_mul_s8(const mt_mul *layer, const int8_t *a, const int8_t *b, int8_t *output);

/*
 * SOFTMAX over the last axis; output scale 1/256, zero point -128. exponentials[d] = exp(-d * beta * scale of the
 * input) with 31 fractional bits, the last for all larger d as well.
 */
typedef struct {
    const int32_t *exponentials;
    uint16_t entries;
    uint16_t rows;
    uint16_t depth;
} mt_softmax;

void mt_softmax_s8(const mt_softmax *layer, const int8_t *input, int8_t *output);

/* Any function of one int8 value: table[value + 128]. Works in place. */
void mt_lookup_s8(const int8_t *table, uint32_t count, const int8_t *input, int8_t *output);

/* The same with results of 32 bits, such as float32. */
void mt_lookup_s8_words(const uint32_t *table, uint32_t count, const int8_t *input, uint32_t *output);

/* QUANTIZE: float32 to int8, rounds half away from zero. */
void mt_quantize_f32_s8(float scale, int32_t zero_point, uint32_t count, const float *input, int8_t *output);

/* DEQUANTIZE: int8 to float32. */
void mt_dequantize_s8_f32(float scale, int32_t zero_point, uint32_t count, const int8_t *input, float *output);

/*
 * CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED for what the kernels above do not take: groups, weights of -128 or
 * with a zero point, sums that leave 31 bits. weights: [output channel][window.height][window.width][depth]; each
 * group of `filters_per_group` output channels reads its own `depth` input channels. The bias is as it is, nothing
 * folded in; right shifts count from 1, as in mt_scale. Slow.
 */
typedef struct {
    const int8_t *weights;
    const mt_channels *channels;
    mt_output to;
    mt_shape input;
    mt_shape output;
    mt_window window;
    uint32_t depth;
    uint32_t filters_per_group;
    int16_t input_zero_point;
    int16_t weights_zero_point;
} mt_conv2d_plain;

void mt_conv2d_plain_s8(const mt_conv2d_plain *layer, const int8_t *input, int8_t *output);

#include "mt_choice.h"
#include "mt_elementwise.h"
#include "mt_kernels_s16.h"
#include "mt_movement.h"
#include "mt_normalisation.h"
#include "mt_products.h"
#include "mt_recurrent.h"
#include "mt_reduction.h"

#endif
