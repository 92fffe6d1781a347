#include "mt_kernels.h"

#include <string.h>

#define WORDS_PER_QUAD 2u

/* One row of the window, its padding included, gathered value by value: at the borders, or with dilation. */
static void gather_row(const mt_conv2d *layer, const int8_t *input_row, int32_t x, int8_t *row)
{
    uint32_t channels = layer->input.channels;
    for (uint32_t tap = 0; tap < layer->window.width; tap++) {
        if (input_row != 0 && x >= 0 && x < layer->input.width) {
            memcpy(row, input_row + (uint32_t)x * channels, channels);
        } else {
            memset(row, layer->input_zero_point, channels);
        }
        row += channels;
        x += layer->window.dilation_x;
    }
}

/* Whether output pixel n sees input pixel n alone. */
static int is_pointwise(const mt_conv2d *layer)
{
    return layer->window.height == 1 && layer->window.width == 1 && layer->window.stride_y == 1 &&
           layer->window.stride_x == 1;
}

/* The values under the window of one output pixel, widened to one of `step` interleaved columns. */
static void widen_window(const mt_conv2d *layer, const int8_t *input, uint32_t pixel, uint32_t step, uint32_t *column,
                         int8_t *row)
{
    if (is_pointwise(layer)) {
        mt_widen_s8(input + pixel * layer->input.channels, layer->input.channels, step, column);
        return;
    }
    const mt_window *window = &layer->window;
    uint32_t row_bytes = (uint32_t)window->width * layer->input.channels;
    int32_t y = (int32_t)(pixel / layer->output.width * window->stride_y) - window->pad_top;
    int32_t x = (int32_t)(pixel % layer->output.width * window->stride_x) - window->pad_left;
    int contiguous = x >= 0 && x + window->width <= layer->input.width && window->dilation_x == 1;

    for (uint32_t tap = 0; tap < window->height; tap++) {
        int inside = y >= 0 && y < layer->input.height;
        const int8_t *input_row = inside ? input + (uint32_t)y * layer->input.width * layer->input.channels : 0;
        const int8_t *values = row;
        if (inside && contiguous) {
            values = input_row + (uint32_t)x * layer->input.channels;
        } else {
            gather_row(layer, input_row, x, row);
        }
        mt_widen_s8(values, row_bytes, step, column);
        column += (row_bytes + 3) / 4 * WORDS_PER_QUAD * step;
        y += window->dilation_y;
    }
}

void mt_conv2d_s8(const mt_conv2d *layer, const int8_t *input, uint32_t *scratch, int8_t *output)
{
    uint32_t pixels = (uint32_t)layer->output.height * layer->output.width;
    uint32_t channels = layer->output.channels;
    int8_t *row = (int8_t *)(scratch + 2 * WORDS_PER_QUAD * layer->matrix.quads);
    uint32_t pixel = 0;

    for (; pixel + 1 < pixels; pixel += 2) {
        widen_window(layer, input, pixel, 2, scratch, row);
        widen_window(layer, input, pixel + 1, 2, scratch + 1, row);
        mt_matmul_2_columns_s8(&layer->matrix, scratch, output + pixel * channels, output + (pixel + 1) * channels);
    }
    if (pixel < pixels) {
        widen_window(layer, input, pixel, 1, scratch, row);
        mt_matmul_1_column_s8(&layer->matrix, scratch, output + pixel * channels);
    }
}
