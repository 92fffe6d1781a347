/*
 * Functions of two int8 values, element by element, beside ADD and MUL.
 *
 * `a` and the output have `count` values; `b` has `period` values, repeated. All work in place, over `a` or over a `b`
 * of `count` values.
 */
#ifndef MT_ELEMENTWISE_H
#define MT_ELEMENTWISE_H

#include "mt_kernels.h"

/* SUB: sign * (a - b), sign 1 or -1. The inputs' scales carry the 20 extra bits of the difference. */
typedef struct {
    uint32_t count;
    uint32_t period;
    int16_t zero_point_a;
    int16_t zero_point_b;
    mt_scale scale_a;
    mt_scale scale_b;
    mt_scale scale;
    mt_output output;
    int8_t sign;
} mt_sub;

void mt_sub_s8(const mt_sub *layer, const int8_t *a, const int8_t *b, int8_t *output);

/* SQUARED_DIFFERENCE: as SUB with 7 extra bits, squared before the last scale; the sign does not matter. */
void mt_squared_difference_s8(const mt_sub *layer, const int8_t *a, const int8_t *b, int8_t *output);

/* MAXIMUM and MINIMUM of stored values: all tensors share one scale. */
typedef struct {
    uint32_t count;
    uint32_t period;
} mt_repeat;

void mt_maximum_s8(const mt_repeat *layer, const int8_t *a, const int8_t *b, int8_t *output);
void mt_minimum_s8(const mt_repeat *layer, const int8_t *a, const int8_t *b, int8_t *output);

/* PRELU: a from its zero point on with `scale`, below it a * b with `scale_below`. */
typedef struct {
    uint32_t count;
    uint32_t period;
    int16_t zero_point_a;
    int16_t zero_point_b;
    mt_scale scale;
    mt_scale scale_below;
    mt_output output;
} mt_prelu;

void mt_prelu_s8(const mt_prelu *layer, const int8_t *a, const int8_t *b, int8_t *output);

#endif
