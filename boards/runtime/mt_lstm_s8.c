#include "mt_kernels.h"
#include "mt_lanes.h"
#include "mt_quantise.h"
#include "mt_sigmoid_s16.h"

enum { INPUT_GATE, FORGET_GATE, CELL_GATE, OUTPUT_GATE, GATES };

/* Of a block of four units. */
#define ROWS (4u * GATES)

/*
 * The product of two values of 16 bits, scaled: what mt_requantise computes, whose doubled product would leave 32
 * bits. As the right shift always rounds, nothing needs doubling.
 */
static inline int32_t scale_product(int32_t product, mt_scale scale)
{
    const uint32_t right = scale.right - 1u;
    const int32_t high = mt_multiply_high(product * 2, scale.multiplier);
    return (high + (high >> 31) + (int32_t)(1u << right >> 1)) >> right;
}

/* A gate of four units from its sums. */
static inline void activate(const mt_lstm *layer, uint32_t gate, const int32_t *of_input, const int32_t *of_hidden,
                            int32_t values[4])
{
    const mt_scale input_scale = layer->gates[gate].input, hidden_scale = layer->gates[gate].hidden;
    const uint16_t *table = layer->table;
    for (uint32_t unit = 0; unit < 4u; unit++) {
        const int32_t input = mt_saturate_s16(mt_requantise(of_input[unit], input_scale));
        const int32_t hidden = mt_saturate_s16(mt_requantise(of_hidden[unit], hidden_scale));
        const int32_t sum = mt_saturate_s16(input + hidden);
        values[unit] = gate == CELL_GATE ? mt_tanh_value(table, 3 * sum) : mt_logistic_value(table, 3 * sum);
    }
}

/* One unit from its gates: its cell, and the hidden value that is given. */
static inline int8_t update(const mt_lstm *layer, int32_t gates[GATES][4], uint32_t unit, int16_t *cell)
{
    const int32_t kept = scale_product(gates[FORGET_GATE][unit] * *cell, layer->forget_cell);
    const int32_t added = scale_product(gates[INPUT_GATE][unit] * gates[CELL_GATE][unit], layer->input_cell);
    const int32_t sum = mt_saturate_s16(kept) + mt_saturate_s16(added);
    *cell = (int16_t)mt_clamp(sum, layer->cell_lowest, layer->cell_highest);
    const int32_t half = (int32_t)(1u << layer->cell_shift >> 1);
    const int32_t argument = (*cell * layer->cell_to_tanh + half) >> layer->cell_shift;
    const int32_t squashed = mt_tanh_value(layer->table, argument);
    const int32_t hidden = scale_product(squashed * gates[OUTPUT_GATE][unit], layer->to_hidden);
    return (int8_t)mt_clamp(hidden + layer->hidden.zero_point, layer->hidden.lowest, layer->hidden.highest);
}

/* The gates read the hidden state of the step before from lanes, so that it can be overwritten unit by unit. */
static void run_step(const mt_lstm *layer, const uint32_t *lanes, int8_t *hidden, int16_t *cell)
{
    const uint32_t input_quads = (layer->inputs + 3u) / 4u, hidden_quads = (layer->units + 3u) / 4u;
    const uint32_t *words = layer->words;
    const int32_t *starts = layer->starts;
    for (uint32_t first = 0; first < layer->units; first += 4u) {
        int32_t of_input[ROWS], of_hidden[ROWS], gates[GATES][4];
        mt_sum_rows_s8(words, lanes, input_quads, ROWS, starts, of_input);
        words += ROWS * input_quads;
        mt_sum_rows_s8(words, lanes + 2u * input_quads, hidden_quads, ROWS, starts + ROWS, of_hidden);
        words += ROWS * hidden_quads;
        starts += 2 * ROWS;
        for (uint32_t gate = 0; gate < GATES; gate++) {
            activate(layer, gate, of_input + 4u * gate, of_hidden + 4u * gate, gates[gate]);
        }
        for (uint32_t unit = 0; unit < 4u && first + unit < layer->units; unit++) {
            hidden[first + unit] = update(layer, gates, unit, cell + first + unit);
        }
    }
}

void mt_lstm_s8(const mt_lstm *parameters, const int8_t *input, int8_t *hidden, int16_t *cell, uint32_t *lanes,
                int8_t *output)
{
    const mt_lstm layer = *parameters; /* a copy: stores through int8_t may alias the original */
    for (uint32_t batch = 0; batch < layer.batches; batch++) {
        for (uint32_t step = 0; step < layer.steps; step++) {
            const int8_t *values = input + batch * layer.input_batch + step * layer.input_step;
            mt_widen_s8(hidden, layer.units, mt_widen_s8(values, layer.inputs, lanes));
            run_step(&layer, lanes, hidden, cell);
            memcpy(output + batch * layer.output_batch + step * layer.output_step, hidden, layer.units);
        }
        hidden += layer.units;
        cell += layer.units;
    }
}
