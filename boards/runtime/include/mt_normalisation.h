/* Functions of all values along the last axis, beside SOFTMAX. `rows` times `depth` values; all work in place. */
#ifndef MT_NORMALISATION_H
#define MT_NORMALISATION_H

#include "mt_kernels.h"

/*
 * LOG_SOFTMAX; output scale 1/16, zero point 127. For a difference d to the row's largest value, exponentials[d] is
 * as in mt_softmax and differences[d] = -d * scale of the input with 26 fractional bits, no less than -20.
 */
typedef struct {
    const int32_t *exponentials; /* 256 */
    const int32_t *differences;  /* 256 */
    uint16_t rows;
    uint16_t depth;
} mt_log_softmax;

void mt_log_softmax_s8(const mt_log_softmax *layer, const int8_t *input, int8_t *output);

/* L2_NORMALIZATION: a row divided by the root of the sum of its squares; output scale 1/128, zero point 0. Sums of
 * squares fit into 31 bits. */
void mt_l2_normalization_s8(int32_t zero_point, uint32_t rows, uint32_t depth, const int8_t *input, int8_t *output);

/* SOFTMAX of pairs: table[255 + own value - the other one], 511 entries. Works in place. */
void mt_softmax_2_s8(const int8_t *table, uint32_t rows, const int8_t *input, int8_t *output);

#endif
