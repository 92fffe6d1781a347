#include "mt_dot_s16.h"
#include "mt_pairs_s16.h"
#include "mt_quantise_s16.h"

#define FEW_VALUES 24u /* up to so many, a loop is faster than a call */

static inline int32_t clamp(int32_t value, int32_t highest)
{
    value = value < 0 ? 0 : value;
    return value > highest ? highest : value;
}

static int16_t *fill_zeros(int16_t *column, uint32_t values)
{
    if (values > 0) {
        memset(column, 0, values * sizeof *column);
    }
    return column + values;
}

static inline int16_t *copy(int16_t *column, const int16_t *from, uint32_t values)
{
    if (values > FEW_VALUES) {
        memcpy(column, from, values * sizeof *column);
        return column + values;
    }
    for (uint32_t left = values; left > 0; left--) {
        *column++ = *from++;
    }
    return column;
}

/* One row of the window, whose first tap lies at column x of `row`. */
static int16_t *gather_row(const mt_conv2d_s16_layer *layer, const int16_t *row, int32_t x, int16_t *column)
{
    const int32_t taps = layer->window.width, width = layer->input.width, channels = layer->input.channels;
    if (layer->window.dilation_x == 1) { /* contiguous */
        const int32_t before = clamp(-x, taps), end = clamp(width - x, taps);
        const int32_t inside = end > before ? end - before : 0;
        column = fill_zeros(column, (uint32_t)(before * channels));
        column = copy(column, row + (x + before) * channels, (uint32_t)(inside * channels));
        return fill_zeros(column, (uint32_t)((taps - before - inside) * channels));
    }
    for (int32_t tap = 0; tap < taps; tap++, x += layer->window.dilation_x) {
        const int is_inside = x >= 0 && x < width;
        column = is_inside ? copy(column, row + x * channels, (uint32_t)channels)
                           : fill_zeros(column, (uint32_t)channels);
    }
    return column;
}

/* All values under the window whose first tap lies at row y, column x. */
static void gather(const mt_conv2d_s16_layer *layer, const int16_t *input, int32_t y, int32_t x, int16_t *column)
{
    const uint32_t row_values = (uint32_t)layer->window.width * layer->input.channels;
    const int32_t input_step = layer->input.width * layer->input.channels;
    for (uint32_t tap = 0; tap < layer->window.height; tap++, y += layer->window.dilation_y) {
        const int is_inside = y >= 0 && y < layer->input.height;
        column = is_inside ? gather_row(layer, input + y * input_step, x, column) : fill_zeros(column, row_values);
    }
}

/* A pair of channels from `to` on, of one pixel; `step` is the distance from one sum to the next. */
static inline void store(const mt_conv2d_s16_layer *layer, const int64_t *sums, uint32_t step,
                         const mt_channel_s16 *to, uint32_t is_pair, int16_t *output)
{
    const mt_range_s16 range = layer->range;
    if (layer->is_narrow) {
        output[0] = mt_narrow_value(sums[0], to, range);
        if (is_pair) {
            output[1] = mt_narrow_value(sums[step], to + 1, range);
        }
    } else {
        output[0] = mt_wide_value(sums[0], to, range);
        if (is_pair) {
            output[1] = mt_wide_value(sums[step], to + 1, range);
        }
    }
}

/* All output channels of one pixel. */
static void multiply_one(const mt_conv2d_s16_layer *layer, const int16_t *x, int16_t *output)
{
    const uint32_t channels = layer->output.channels, step = 2u * layer->quads;
    const uint32_t *weights = layer->weights;
    const mt_channel_s16 *to = layer->channels;
    for (uint32_t channel = 0; channel < channels; channel += 2, to += 2, weights += step) {
        int64_t sums[2] = {mt_bias(to), mt_bias(to + 1)};
        mt_dot_2x1_s16(weights, x, layer->quads, sums);
        store(layer, sums, 1, to, channel + 1 < channels, output + channel);
    }
}

/* All output channels of two neighbouring pixels. */
static void multiply_two(const mt_conv2d_s16_layer *layer, const int16_t *x, const int16_t *y, int16_t *output)
{
    const uint32_t channels = layer->output.channels, step = 2u * layer->quads;
    uint32_t channel = mt_paired_channels(layer);
    if (channel > 0) {
        mt_pairs_of_two(layer, x, y, channel, output);
    }
    const uint32_t *weights = layer->weights + channel / 2 * step;
    const mt_channel_s16 *to = layer->channels + channel;
    for (; channel < channels; channel += 2, to += 2, weights += step) {
        const int64_t bias[2] = {mt_bias(to), mt_bias(to + 1)};
        int64_t sums[4] = {bias[0], bias[0], bias[1], bias[1]};
        mt_dot_2x2_s16(weights, x, y, layer->quads, sums);
        store(layer, sums, 2, to, channel + 1 < channels, output + channel);
        store(layer, sums + 1, 2, to, channel + 1 < channels, output + channels + channel);
    }
}

void mt_conv2d_s16(const mt_conv2d_s16_layer *layer, const int16_t *input, int16_t *scratch, int16_t *output)
{
    const mt_window *window = &layer->window;
    const uint32_t values = 4u * layer->quads, channels = layer->input.channels;
    const int is_in_place = window->height == 1 && window->width == 1 && values == channels; /* no window to gather */
    const int16_t *columns[2];
    uint32_t waiting = 0;
    if (!is_in_place) {
        memset(scratch, 0, 2 * values * sizeof *scratch); /* windows do not reach the ends of their last quads */
    }
    for (int32_t row = 0; row < layer->output.height; row++) {
        const int32_t y = row * window->stride_y - window->pad_top;
        for (int32_t column = 0; column < layer->output.width; column++) {
            const int32_t x = column * window->stride_x - window->pad_left;
            if (is_in_place) {
                columns[waiting] = input + (uint32_t)(y * layer->input.width + x) * channels;
            } else {
                gather(layer, input, y, x, scratch + waiting * values);
                columns[waiting] = scratch + waiting * values;
            }
            if (++waiting == 2) {
                multiply_two(layer, columns[0], columns[1], output);
                output += 2u * layer->output.channels;
                waiting = 0;
            }
        }
    }
    if (waiting) {
        multiply_one(layer, columns[0], output);
    }
}
