/* Comparisons and what follows from them. Truth is a byte, 0 or 1. */
#ifndef MT_CHOICE_H
#define MT_CHOICE_H

#include "mt_kernels.h"

/*
 * GREATER, EQUAL and so on of real values: `a` and the output have `count` values; `b` has `period`, repeated. The
 * inputs' scales carry 8 extra bits. Bit 0 of `holds` is the answer for a < b, bit 1 for a = b, bit 2 for a > b. Works
 * in place, over `a` or over a `b` of `count` values.
 */
typedef struct {
    uint32_t count;
    uint32_t period;
    int16_t zero_point_a;
    int16_t zero_point_b;
    mt_scale scale_a;
    mt_scale scale_b;
    uint8_t holds;
} mt_compare;

void mt_compare_s8(const mt_compare *layer, const int8_t *a, const int8_t *b, int8_t *output);

/* SELECT: `a` where the condition holds, else `b`, `count` times; each operand goes on by its step, 0 or 1. */
typedef struct {
    uint32_t count;
    uint8_t condition_step;
    uint8_t a_step;
    uint8_t b_step;
} mt_select;

void mt_select_s8(const mt_select *layer, const int8_t *condition, const int8_t *a, const int8_t *b, int8_t *output);

#endif
