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
 * features: rows of mt_sum_rows_s8 with their starts, the input's zero point folded in; times: [filters, memory] in
 * the type of the state, whose zero point is folded into the bias. lanes: two words for each four inputs begun.
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

/* A gate's values: products with the input and with the hidden state, scaled apart to 12 fractional bits. */
typedef struct {
    mt_scale input;
    mt_scale hidden;
} mt_lstm_gate;

/*
 * UNIDIRECTIONAL_SEQUENCE_LSTM without peepholes, projection or normalisation; cell state int16, gates tanh and sigmoid
 * of 16 bits. Input and output are [batches, steps, ...] or [steps, batches, ...]: what lies how many values apart is
 * said by `input_step` and so on. hidden: [batches, units]; cell: [batches, units].
 *
 * Gates are input, forget, cell, output. words: for each block of four units the rows of mt_sum_rows_s8 for the input,
 * those of one gate after the other, then those for the hidden state; starts: [block][2][gate][4], biases and zero
 * points folded in. lanes: two words for each four inputs begun and for each four units begun. forget_cell,
 * input_cell and to_hidden scale products of two values of 16 bits: left is 1, right at least 2.
 */
typedef struct {
    const uint32_t *words;
    const int32_t *starts;
    const mt_lstm_gate *gates; /* 4 */
    const uint16_t *table;     /* as that of LOGISTIC and TANH of int16 */
    uint32_t batches;
    uint32_t steps;
    uint32_t inputs;
    uint32_t units;
    uint32_t input_batch;
    uint32_t input_step;
    uint32_t output_batch;
    uint32_t output_step;
    mt_scale forget_cell;
    mt_scale input_cell;
    mt_scale to_hidden;
    int32_t cell_to_tanh; /* cell * this / 2^cell_shift has 12 fractional bits, times 3 */
    uint8_t cell_shift;
    int16_t cell_lowest;
    int16_t cell_highest;
    mt_output hidden;
} mt_lstm;

void mt_lstm_s8(const mt_lstm *layer, const int8_t *input, int8_t *hidden, int16_t *cell, uint32_t *lanes,
                int8_t *output);

#endif
