/*
 * One channel under a 3x3 window, down a strip of two columns: what strides 1 and 2 have in common.
 *
 * Inlined where it is used, so that what it needs in memory stays on that function's stack from strip to strip.
 */
#ifndef MT_STRIP_3X3_H
#define MT_STRIP_3X3_H

#include "mt_kernels.h"
#include "mt_quantise.h"

typedef struct {
    int32_t bias;
    uint32_t left;
    uint32_t right;
    int32_t addend; /* to.offset << right >> 1 */
    int32_t multiplier;
    mt_bytes_output to;
    int8_t *output;
    uint32_t across; /* bytes from an output to its neighbour in the row; 0 drops the neighbour */
    uint32_t down;   /* bytes from an output to the one below it; 0 drops that */
    uint32_t gap;    /* bytes from a strip to the next */
    const uint32_t *strip;
    const uint32_t *end;
    uint32_t first[3]; /* weights (w0, w1) of the window's rows */
    uint32_t last[3];  /* (w1, w2) */
} mt_strip;

/* One row of the window: + x0 * w0 + x1 * w1 + x2 * w2. */
static inline int32_t mt_add_row_3(const mt_strip *job, uint32_t row, uint32_t x01, int32_t x2, int32_t sum)
{
    return mt_smlad(x01, job->first[row], sum) + x2 * ((int32_t)job->last[row] >> 16);
}

static inline uint32_t mt_strip_byte(const mt_strip *job, int32_t sum)
{
    return mt_channel_byte(sum, job->multiplier, job->left, job->right, job->to.offset);
}

#endif
