/*
 * Rows of constant weights by one column, where the sums are needed as they are.
 *
 * Rows come in blocks of four, depth in quads (k0..k3), both filled up with zeros. A block's quad is four words, one
 * for each row, whose bytes are k0 to k3. Any int8 may be a weight. The column is that of mt_matmul_1_column_s8.
 */
#ifndef MT_ROWS_H
#define MT_ROWS_H

#include "mt_simd.h"

static inline int32_t mt_add_quad(uint32_t bytes, uint32_t even, uint32_t odd, int32_t sum)
{
    return mt_smlad(mt_bytes_1_3(bytes), odd, mt_smlad(mt_bytes_0_2(bytes), even, sum));
}

/* Add the products of a block to four sums; gives the next block. */
static inline const uint32_t *mt_add_four_rows(const uint32_t *words, const uint32_t *column, uint32_t quads,
                                               int32_t sums[4])
{
    int32_t a = sums[0], b = sums[1], c = sums[2], d = sums[3];
    for (; quads > 0; quads--, words += 4, column += 2) {
        const uint32_t even = column[0], odd = column[1];
        a = mt_add_quad(words[0], even, odd, a);
        b = mt_add_quad(words[1], even, odd, b);
        c = mt_add_quad(words[2], even, odd, c);
        d = mt_add_quad(words[3], even, odd, d);
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
    return words;
}

#endif
