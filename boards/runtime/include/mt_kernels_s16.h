/*
 * Kernels for int16 activations: symmetric (zero point 0), with int8 weights; 16x8 quantisation.
 *
 * Layouts, ownership and the rules of mt_kernels.h hold here too. Buffers are aligned to 4 bytes. Arithmetic is that of
 * the reference kernels of TensorFlow Lite Micro, bit for bit.
 */
#ifndef MT_KERNELS_S16_H
#define MT_KERNELS_S16_H

#include "mt_elementwise.h"

/* A real factor for 32-bit integers: multiplier / 2^31 * 2^left / 2^right; left <= 30, right <= 31. */
typedef struct {
    int32_t multiplier;
    uint8_t left;
    uint8_t right;
} mt_factor;

/* The stored values that a fused activation leaves. */
typedef struct {
    int16_t lowest;
    int16_t highest;
} mt_range_s16;

/*
 * One output channel: its bias in two words, and its factor. What the factor means depends on the layer.
 * Wide, for biases of 64 bits: multiplier / 2^32 / 2^right, right <= 14, left = 0.
 * Narrow, for biases of 32 bits: an `mt_factor` for sums that wrap at 32 bits.
 */
typedef struct {
    uint32_t bias_low;
    int32_t bias_high;
    uint32_t multiplier;
    uint8_t left;
    uint8_t right;
} mt_channel_s16;

/*
 * CONV_2D, and FULLY_CONNECTED as a 1x1 window over an image with a pixel for each sample.
 *
 * weights: rows (output channels) in pairs, the last one filled up with zeros, and the values of a window in quads
 * (k0..k3), filled up with zeros. A pair's quad is two words, one for each row, of bytes (k0, k2, k1, k3).
 * channels: one for each row, the one that was filled up included. scratch: 8 * quads values.
 */
typedef struct {
    const uint32_t *weights;
    const mt_channel_s16 *channels;
    mt_shape input;
    mt_shape output;
    mt_window window;
    uint16_t quads;
    uint8_t is_narrow;
    mt_range_s16 range;
} mt_conv2d_s16_layer;

void mt_conv2d_s16(const mt_conv2d_s16_layer *layer, const int16_t *input, int16_t *scratch, int16_t *output);

/*
 * DEPTHWISE_CONV_2D. weights: [window.height][window.width][output channel], every four channels (c0..c3) as bytes
 * (c0, c2, c1, c3), the last ones filled up with zeros; output channel = input channel * multiplier + m. Sums are wide.
 */
typedef struct {
    const int8_t *weights;
    const mt_channel_s16 *channels;
    mt_shape input;
    mt_shape output;
    mt_window window;
    uint16_t multiplier;
    mt_range_s16 range;
} mt_depthwise_conv2d_s16_layer;

void mt_depthwise_conv2d_s16(const mt_depthwise_conv2d_s16_layer *layer, const int16_t *input, int16_t *output);

/* AVERAGE_POOL_2D (padding does not count; rounds half away from zero) and MAX_POOL_2D, as in mt_kernels.h. */
void mt_average_pool_s16(const mt_pool *layer, const int16_t *input, int16_t *output);
void mt_max_pool_s16(const mt_pool *layer, const int16_t *input, int16_t *output);

/* MEAN and SUM over the first axis of [pixels, channels]; sums fit into 32 bits. */
typedef struct {
    uint32_t pixels;
    uint32_t channels;
    mt_factor factor;
} mt_mean_s16_layer;

void mt_mean_s16(const mt_mean_s16_layer *layer, const int16_t *input, int16_t *output);

/*
 * ADD and SUB. One operand, a or b by the index `larger`, counts `larger_units`, 2^14 or -2^14; the other one counts
 * sign * `smaller` * 2^15. Their sum is scaled by `sum`. Both factors have left = 0 and right <= 30. `a` and the
 * output have `count` values; `b` has `period` values, repeated. Works in place over `a`, or over a `b` of `count`
 * values; so do all functions of two values below.
 */
typedef struct {
    uint32_t count;
    uint32_t period;
    mt_factor smaller;
    mt_factor sum;
    mt_range_s16 range;
    int16_t larger_units;
    int8_t sign_smaller;
    uint8_t larger;
} mt_add_s16_layer;

void mt_add_s16(const mt_add_s16_layer *layer, const int16_t *a, const int16_t *b, int16_t *output);

/* SQUARED_DIFFERENCE: (a * factor_a - b * factor_b)^2, scaled by `factor`. */
typedef struct {
    uint32_t count;
    uint32_t period;
    mt_factor factor_a;
    mt_factor factor_b;
    mt_factor factor;
    mt_range_s16 range;
} mt_squared_difference_s16_layer;

void mt_squared_difference_s16(const mt_squared_difference_s16_layer *layer, const int16_t *a, const int16_t *b,
                               int16_t *output);

/* MUL. */
typedef struct {
    uint32_t count;
    uint32_t period;
    mt_factor factor;
    mt_range_s16 range;
} mt_mul_s16_layer;

void mt_mul_s16(const mt_mul_s16_layer *layer, const int16_t *a, const int16_t *b, int16_t *output);

/* MAXIMUM and MINIMUM of stored values: all tensors share one scale. */
void mt_maximum_s16(const mt_repeat *layer, const int16_t *a, const int16_t *b, int16_t *output);
void mt_minimum_s16(const mt_repeat *layer, const int16_t *a, const int16_t *b, int16_t *output);

/* PRELU with int8 slopes: a * factor from 0 on, a * (b - zero_point_b) * factor_below below. Not in place over `b`. */
typedef struct {
    uint32_t count;
    uint32_t period;
    mt_factor factor;
    mt_factor factor_below;
    int16_t zero_point_b;
} mt_prelu_s16_layer;

void mt_prelu_s16(const mt_prelu_s16_layer *layer, const int16_t *a, const int8_t *b, int16_t *output);

/*
 * Functions that are straight on both sides of 0: input * factor from 0 on, input * factor_below below, clamped.
 * QUANTIZE to another scale, RELU, RELU6, LEAKY_RELU, and ABS by a negative `sign_below`. Works in place.
 */
typedef struct {
    uint32_t count;
    mt_factor factor;
    mt_factor factor_below;
    int8_t sign_below; /* 1 or -1 */
    mt_range_s16 range;
} mt_slopes_s16_layer;

void mt_slopes_s16(const mt_slopes_s16_layer *layer, const int16_t *input, int16_t *output);

/*
 * LOGISTIC and TANH: 256 values of the logistic function, 1/24 apart, with 16 fractional bits, and straight lines
 * between them. The input times multiplier / 2^right is in units of 1/12288; that product fits into 32 bits. Works in
 * place.
 */
typedef struct {
    const uint16_t *table;
    uint32_t count;
    int32_t multiplier;
    uint8_t right;
} mt_sigmoid_s16_layer;

void mt_logistic_s16(const mt_sigmoid_s16_layer *layer, const int16_t *input, int16_t *output);
void mt_tanh_s16(const mt_sigmoid_s16_layer *layer, const int16_t *input, int16_t *output);

/*
 * SOFTMAX over the last axis; output scale 1/32768. Both tables have 513 values with 15 fractional bits and are read
 * with straight lines between them: exponentials of -10 to 0, reciprocals of 1 to 2. `factor` scales a difference to
 * 10 / 65535. Works in place.
 */
typedef struct {
    const int16_t *exponentials;
    const int16_t *reciprocals;
    uint16_t rows;
    uint16_t depth;
    mt_factor factor;
} mt_softmax_s16_layer;

void mt_softmax_s16(const mt_softmax_s16_layer *layer, const int16_t *input, int16_t *output);

/* QUANTIZE: float32 to int16, rounds half away from zero. */
void mt_quantize_f32_s16(float scale, uint32_t count, const float *input, int16_t *output);

/* DEQUANTIZE: int16 to float32. */
void mt_dequantize_s16_f32(float scale, uint32_t count, const int16_t *input, float *output);

/* QUANTIZE: int16 to int8. Works in place. */
void mt_requantize_s16_s8(mt_factor factor, int32_t zero_point, uint32_t count, const int16_t *input, int8_t *output);

/* QUANTIZE: int8 to int16. */
void mt_requantize_s8_s16(mt_factor factor, int32_t zero_point, uint32_t count, const int8_t *input, int16_t *output);

/* Set `count` values to `value`. */
void mt_fill_s16(int16_t value, uint32_t count, int16_t *output);

#endif
