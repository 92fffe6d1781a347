#include "mt_kernels.h"
#include "mt_simd.h"

#include <string.h>

/* A sliding window: output column `x` and the input position of its first tap. */
typedef struct {
    uint32_t x;
    int32_t left;
    int32_t top;
} place;

/* Move to the next output pixel of a row, then to the next row. */
static inline void advance(const mt_conv2d *layer, place *at)
{
    at->x++;
    at->left += layer->window.stride_x;
    if (at->x == layer->output.width) {
        *at = (place){0, -(int32_t)layer->window.pad_left, at->top + layer->window.stride_y};
    }
}

/* One row of the window, its padding included, gathered tap by tap: at the borders, or with dilation. */
static void gather_row(const mt_conv2d *layer, const int8_t *input_row, int32_t x, int8_t *row)
{
    uint32_t channels = layer->input.channels;
    for (uint32_t tap = 0; tap < layer->window.width; tap++) {
        if (x >= 0 && x < layer->input.width) {
            memcpy(row, input_row + (uint32_t)x * channels, channels);
        } else {
            memset(row, layer->input_zero_point, channels);
        }
        row += channels;
        x += layer->window.dilation_x;
    }
}

/* A row of padding: `words` lanes' words of one column. */
static uint32_t *fill_row(int32_t value, uint32_t words, uint32_t step, uint32_t *column)
{
    const uint32_t lanes = mt_pack(value, value);
    for (; words > 0; words--, column += step) {
        *column = lanes;
    }
    return column;
}

/* The values under the window of one output pixel, widened to one of `step` interleaved columns. */
static void widen_window(const mt_conv2d *layer, const int8_t *input, const place *at, uint32_t step,
                         uint32_t *column, int8_t *row)
{
    const mt_window *window = &layer->window;
    const uint32_t channels = layer->input.channels, row_bytes = window->width * channels;
    const uint32_t row_step = layer->input.width * channels;
    const int contiguous = at->left >= 0 && at->left + window->width <= layer->input.width && window->dilation_x == 1;
    int32_t y = at->top;
    int32_t first = y * (int32_t)row_step + at->left * (int32_t)channels;

    for (uint32_t tap = window->height; tap > 0; tap--) {
        if ((uint32_t)y >= layer->input.height) {
            column = fill_row(layer->input_zero_point, (row_bytes + 3) / 4 * 2, step, column);
        } else if (contiguous) {
            column = mt_widen_s8(input + first, row_bytes, step, column);
        } else {
            gather_row(layer, input + (uint32_t)y * row_step, at->left, row);
            column = mt_widen_s8(row, row_bytes, step, column);
        }
        y += window->dilation_y;
        first += (int32_t)(window->dilation_y * row_step);
    }
}

void mt_conv2d_s8(const mt_conv2d *layer, const int8_t *input, uint32_t *scratch, int8_t *output)
{
    uint32_t pixels = (uint32_t)layer->output.height * layer->output.width;
    const uint32_t channels = layer->output.channels;
    int8_t *row = (int8_t *)(scratch + 4 * layer->matrix.quads);
    place at = {0, -(int32_t)layer->window.pad_left, -(int32_t)layer->window.pad_top};

    for (; pixels >= 2; pixels -= 2, output += 2 * channels) {
        widen_window(layer, input, &at, 2, scratch, row);
        advance(layer, &at);
        widen_window(layer, input, &at, 2, scratch + 1, row);
        advance(layer, &at);
        mt_matmul_2_columns_s8(&layer->matrix, scratch, output, channels);
    }
    if (pixels > 0) {
        widen_window(layer, input, &at, 1, scratch, row);
        mt_matmul_1_column_s8(&layer->matrix, scratch, output);
    }
}
