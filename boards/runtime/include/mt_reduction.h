/* Several int8 values to one: along one axis of `[count, inner]`, or between neighbouring pixels. */
#ifndef MT_REDUCTION_H
#define MT_REDUCTION_H

#include "mt_kernels.h"

/* MEAN and SUM over the first axis of [pixels, channels]. `offset` is pixels * zero point of the input. */
typedef struct {
    uint32_t pixels;
    uint32_t channels;
    int32_t offset;
    mt_scale scale;
    mt_output output;
} mt_mean;

void mt_mean_s8(const mt_mean *layer, const int8_t *input, int8_t *output);

/* REDUCE_MAX and REDUCE_MIN: the largest, or smallest, of `count` values for each of `inner`. */
void mt_reduce_max_s8(uint32_t count, uint32_t inner, const int8_t *input, int8_t *output);
void mt_reduce_min_s8(uint32_t count, uint32_t inner, const int8_t *input, int8_t *output);

/*
 * ARG_MAX and ARG_MIN: the first position of the largest of sign * value, sign 1 or -1, among `count` values for each
 * of `inner`.
 */
void mt_arg_max_s8(int32_t sign, uint32_t count, uint32_t inner, const int8_t *input, int32_t *output);

/* RESIZE_BILINEAR, one sample. Input positions around an output position; `weight` of the upper one in 1024ths. */
typedef struct {
    uint16_t lower;
    uint16_t upper;
    int32_t weight;
} mt_between;

typedef struct {
    uint16_t input_width;
    uint16_t height; /* of the output, as all below */
    uint16_t width;
    uint16_t channels;
} mt_resize;

/* rows: layer->height entries; columns: layer->width. Rounds half away from zero. */
void mt_resize_bilinear_s8(const mt_resize *layer, const mt_between *rows, const mt_between *columns,
                           const int8_t *input, int8_t *output);

#endif
