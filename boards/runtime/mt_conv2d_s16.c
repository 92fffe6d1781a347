#include "mt_dot_s16.h"
#include "mt_kernels_s16.h"
#include "mt_quantise_s16.h"

static inline int32_t clamp(int32_t value, int32_t highest)
{
    value = value < 0 ? 0 : value;
    return value > highest ? highest : value;
}

static int16_t *fill_zeros(int16_t *column, uint32_t values)
{
    memset(column, 0, values * sizeof *column);
    return column + values;
}

static int16_t *copy(int16_t *column, const int16_t *from, uint32_t values)
{
    memcpy(column, from, values * sizeof *column);
    return column + values;
}

/* One row of the window, whose first tap lies at column x of `row`. */
static int16_t *gather_row(const mt_conv2d_s16_layer *layer, const int16_t *row, int32_t x, int16_t *column)
{
    const int32_t taps = layer->window.width, width = layer->input.width, channels = layer->input.channels;
    if (layer->window.dilation_x == 1) { /* contiguous */
        const int32_t before = clamp(-x, taps), end = clamp(width - x, taps);
        column = fill_zeros(column, (uint32_t)(before * channels));
        if (end > before) {
            column = copy(column, row + (x + before) * channels, (uint32_t)((end - before) * channels));
        }
        return fill_zeros(column, (uint32_t)((taps - (end > before ? end : before)) * channels));
    }
    for (int32_t tap = 0; tap < taps; tap++, x += layer->window.dilation_x) {
        const int is_inside = x >= 0 && x < width;
        column = is_inside ? copy(column, row + x * channels, (uint32_t)channels)
                           : fill_zeros(column, (uint32_t)channels);
    }
    return column;
}

/* All values under the window whose first tap lies at row y, column x, filled up to whole quads. */
static void gather(const mt_conv2d_s16_layer *layer, const int16_t *input, int32_t y, int32_t x, int16_t *column)
{
    const uint32_t row_values = (uint32_t)layer->window.width * layer->input.channels;
    const int32_t input_step = layer->input.width * layer->input.channels;
    int16_t *const end = column + 4u * layer->quads;
    for (uint32_t tap = 0; tap < layer->window.height; tap++, y += layer->window.dilation_y) {
        const int is_inside = y >= 0 && y < layer->input.height;
        column = is_inside ? gather_row(layer, input + y * input_step, x, column) : fill_zeros(column, row_values);
    }
    fill_zeros(column, (uint32_t)(end - column));
}

/* All output channels of one pixel. */
static void multiply_one(const mt_conv2d_s16_layer *layer, const int16_t *x, int16_t *output)
{
    const mt_channel_s16 *channel = layer->channels;
    const uint32_t *weights = layer->weights;
    for (int32_t left = layer->output.channels; left > 0; left -= 2, channel += 2, output += 2) {
        int64_t sums[2] = {mt_bias(channel), mt_bias(channel + 1)};
        mt_dot_2x1_s16(weights, x, layer->quads, sums);
        weights += 2u * layer->quads;
        output[0] = mt_channel_value(sums[0], channel, layer->is_narrow, layer->range);
        if (left > 1) {
            output[1] = mt_channel_value(sums[1], channel + 1, layer->is_narrow, layer->range);
        }
    }
}

/* All output channels of two neighbouring pixels. */
static void multiply_two(const mt_conv2d_s16_layer *layer, const int16_t *x, const int16_t *y, int16_t *output)
{
    const mt_channel_s16 *channel = layer->channels;
    const uint32_t *weights = layer->weights;
    int16_t *second = output + layer->output.channels;
    for (int32_t left = layer->output.channels; left > 0; left -= 2, channel += 2, output += 2, second += 2) {
        const int64_t bias_a = mt_bias(channel), bias_b = mt_bias(channel + 1);
        int64_t sums[4] = {bias_a, bias_a, bias_b, bias_b};
        mt_dot_2x2_s16(weights, x, y, layer->quads, sums);
        weights += 2u * layer->quads;
        output[0] = mt_channel_value(sums[0], channel, layer->is_narrow, layer->range);
        second[0] = mt_channel_value(sums[1], channel, layer->is_narrow, layer->range);
        if (left > 1) {
            output[1] = mt_channel_value(sums[2], channel + 1, layer->is_narrow, layer->range);
            second[1] = mt_channel_value(sums[3], channel + 1, layer->is_narrow, layer->range);
        }
    }
}

void mt_conv2d_s16(const mt_conv2d_s16_layer *layer, const int16_t *input, int16_t *scratch, int16_t *output)
{
    const mt_window *window = &layer->window;
    const uint32_t values = 4u * layer->quads, channels = layer->input.channels;
    const int is_in_place = window->height == 1 && window->width == 1 && values == channels; /* no window to gather */
    const int16_t *columns[2];
    uint32_t waiting = 0;
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
