/* Products whose sums are needed as they are, or whose factors are both computed. */
#ifndef MT_PRODUCTS_H
#define MT_PRODUCTS_H

#include "mt_kernels.h"

/*
 * Rows of weights by one column, where the sums are needed as they are: sums[r] = starts[r] + the sum over k of
 * weights[r][k] * column[k]. Any int8 may be a weight.
 *
 * Rows come in blocks of four, depth in quads (k0..k3), both filled up with zeros; at least one of each. A block's quad
 * is four words, one for each row, whose bytes are k0 to k3. The column is that of mt_matmul_1_column_s8.
 */
void mt_sum_rows_s8(const uint32_t *words, const uint32_t *column, uint32_t quads, uint32_t rows,
                    const int32_t *starts, int32_t *sums);

#define MT_BATCH_MATMUL_COLUMNS 16u

/*
 * BATCH_MATMUL of one pair of matrices: output[r][c] is the sum over k of (a[r][k] - zero_point_a) * (b[c][k] -
 * zero_point_b), requantised. a: [rows, depth]; b[c][k] lies c * column_step + k * depth_step behind the first;
 * output: [rows, columns]. scratch, for each four of depth begun: a word for each column, up to whole fours and at most
 * MT_BATCH_MATMUL_COLUMNS, and two more.
 */
typedef struct {
    uint32_t rows;
    uint32_t columns;
    uint32_t depth;
    uint32_t column_step;
    uint32_t depth_step;
    int16_t zero_point_a;
    int16_t zero_point_b;
    mt_scale scale;
    mt_output output;
} mt_batch_matmul;

void mt_batch_matmul_s8(const mt_batch_matmul *layer, const int8_t *a, const int8_t *b, uint32_t *scratch,
                        int8_t *output);

#endif
