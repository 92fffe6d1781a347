#include "mt_kernels.h"
#include "mt_quantise.h"
#include "mt_requantise_any.h"

/*
 * One filter: the oldest value goes, the newest comes; gives the sum by the time weights. Sums wrap. Values move by one
 * in words that lie across their pairs: what a word overwrites has been read.
 */
static uint32_t push_s16(const int16_t *times, uint32_t memory, int32_t newest, int16_t *state)
{
    uint32_t moved = memory - 1u, sum = 0;
    for (; moved >= 2u; moved -= 2u, times += 2, state += 2) {
        const uint32_t values = mt_load_4((const int8_t *)(state + 1));
        memcpy(state, &values, sizeof values);
        sum = (uint32_t)mt_smlad(values, mt_load_4((const int8_t *)times), (int32_t)sum);
    }
    if (moved > 0u) {
        state[0] = state[1];
        sum += (uint32_t)(*times++ * *state++);
    }
    *state = (int16_t)newest;
    return sum + (uint32_t)(*times * *state);
}

static uint32_t push_s8(const int8_t *times, uint32_t memory, int32_t newest, int8_t *state)
{
    uint32_t moved = memory - 1u;
    int32_t sum = 0;
    for (; moved >= 4u; moved -= 4u, times += 4, state += 4) {
        const uint32_t values = mt_load_4(state + 1), weights = mt_load_4(times);
        memcpy(state, &values, sizeof values);
        sum = mt_smlad(mt_bytes_0_2(values), mt_bytes_0_2(weights), sum);
        sum = mt_smlad(mt_bytes_1_3(values), mt_bytes_1_3(weights), sum);
    }
    for (; moved > 0u; moved--, times++, state++) {
        state[0] = state[1];
        sum += times[0] * state[0];
    }
    *state = (int8_t)newest;
    return (uint32_t)(sum + *times * *state);
}

/* The filter's values lie `filter * memory` values from the start of state and time weights. */
static uint32_t push(const mt_svdf *layer, uint32_t filter, int32_t newest, void *state)
{
    const uint32_t first = filter * layer->memory;
    if (layer->state_bytes == 2u) {
        return push_s16((const int16_t *)layer->times + first, layer->memory, newest, (int16_t *)state + first);
    }
    return push_s8((const int8_t *)layer->times + first, layer->memory, newest, (int8_t *)state + first);
}

/* What a unit's filters and its bias have summed up. */
static int8_t unit_output(const mt_svdf *layer, uint32_t sum)
{
    const uint32_t scaled = (uint32_t)mt_requantise_any((int32_t)sum, layer->scale);
    const int32_t stored = (int32_t)(scaled + (uint32_t)layer->output.zero_point);
    return (int8_t)mt_clamp(stored, layer->output.lowest, layer->output.highest);
}

static void run_sample(const mt_svdf *layer, const uint32_t *column, void *state, int8_t *output)
{
    const uint32_t quads = (layer->inputs + 3u) / 4u;
    const uint32_t *words = layer->features;
    const int32_t *bias = layer->bias;
    uint32_t sum = 0, summed = 0;
    for (uint32_t filter = 0; filter < layer->filters;) {
        int32_t sums[4];
        mt_sum_rows_s8(words, column, quads, 4, layer->starts + filter, sums);
        words += 4u * quads;
        for (uint32_t row = 0; row < 4u && filter < layer->filters; row++, filter++) {
            const int32_t scaled = mt_requantise(sums[row], layer->feature_scale);
            const int32_t newest = mt_clamp(scaled, layer->state.lowest, layer->state.highest);
            sum += push(layer, filter, newest + layer->state.zero_point, state);
            if (++summed == layer->rank) {
                *output++ = unit_output(layer, sum + (uint32_t)*bias++);
                sum = 0;
                summed = 0;
            }
        }
    }
}

void mt_svdf_s8(const mt_svdf *parameters, const int8_t *input, void *state, uint32_t *lanes, int8_t *output)
{
    const mt_svdf layer = *parameters; /* a copy: stores through int8_t may alias the original */
    const uint32_t state_bytes = layer.filters * layer.memory * layer.state_bytes;
    for (uint32_t batch = 0; batch < layer.batches; batch++) {
        mt_widen_s8(input + batch * layer.inputs, layer.inputs, lanes);
        run_sample(&layer, lanes, (int8_t *)state + batch * state_bytes, output + batch * (layer.filters / layer.rank));
    }
}
