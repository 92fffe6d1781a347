/*
 * Operators with state. The state is the caller's, as every buffer is: a kernel changes it and finds it so in the next
 * call. Its initial values are those of the real 0.
 */
#ifndef MT_RECURRENT_H
#define MT_RECURRENT_H

#include "mt_kernels.h"

/*
 * SVDF. input [batches, inputs], output [batches, filters / rank], state [batches, filters, memory] of int8 or, for
 * state_bytes = 2, of int16. A filter's new value is the product of its feature weights and the input; its last
 * `memory` values by its time weights, summed over the `rank` filters of a unit, are the output.
 *
 * features: rows of mt_rows.h; starts: what each filter's sum starts from, the input's zero point folded in, for whole
 * blocks of four; times: [filters, memory] in the type of the state, whose zero point is folded into the bias. lanes:
 * two words for each four inputs begun.
 */
typedef struct {
    const uint32_t *features;
    const int32_t *starts;
    const void *times;
    const int32_t *bias;
    uint32_t batches;
    uint32_t inputs;
    uint32_t filters;
    uint32_t rank;
    uint32_t memory;
    uint32_t state_bytes;
    mt_scale feature_scale;
    mt_output state;
    mt_scale scale;
    mt_output output;
} mt_svdf;

void mt_svdf_s8(const mt_svdf *layer, const int8_t *input, void *state, uint32_t *lanes, int8_t *output);

#endif
