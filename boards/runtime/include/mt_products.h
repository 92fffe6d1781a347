/* Products of computed tensors. */
#ifndef MT_PRODUCTS_H
#define MT_PRODUCTS_H

#include "mt_kernels.h"

/*
 * BATCH_MATMUL of one pair of matrices: output[r][c] is the sum over k of (a[r][k] - zero_point_a) * (b[c][k] -
 * zero_point_b), requantised. a: [rows, depth]; b: [columns, depth]; output: [rows, columns]. lanes: two words for
 * each four of depth, a last incomplete four counted whole.
 */
typedef struct {
    uint32_t rows;
    uint32_t columns;
    uint32_t depth;
    int16_t zero_point_a;
    int16_t zero_point_b;
    mt_scale scale;
    mt_output output;
} mt_batch_matmul;

void mt_batch_matmul_s8(const mt_batch_matmul *layer, const int8_t *a, const int8_t *b, uint32_t *lanes,
                        int8_t *output);

#endif
