#include "mt_kernels.h"
#include "mt_two_columns.h"
#include "mt_widen.h"

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

/* The window of a pixel at the border, or with dilation: rows above and below the input are padding too. */
static __attribute__((noinline)) void widen_border(const mt_conv2d *layer, const int8_t *input, const place *at,
                                                   uint32_t step, uint32_t *column, int8_t *row)
{
    const uint32_t row_bytes = layer->window.width * (uint32_t)layer->input.channels;
    const uint32_t row_step = layer->input.width * (uint32_t)layer->input.channels;
    int32_t y = at->top;
    for (uint32_t tap = layer->window.height; tap > 0; tap--, y += layer->window.dilation_y) {
        if (y >= 0 && y < layer->input.height) {
            gather_row(layer, input + (uint32_t)y * row_step, at->left, row);
        } else {
            memset(row, layer->input_zero_point, row_bytes);
        }
        column = mt_widen_s8(row, row_bytes, step, column);
    }
}

/* The values under the window of one output pixel, widened to one of `step` interleaved columns. */
static inline __attribute__((always_inline)) void widen_window(const mt_conv2d *layer, const int8_t *input,
                                                               const place *at, uint32_t step, uint32_t *column,
                                                               int8_t *row)
{
    const mt_window *window = &layer->window;
    const int inside = at->left >= 0 && at->left + window->width <= layer->input.width && at->top >= 0 &&
                       at->top + window->height <= layer->input.height;
    if (!inside || (window->dilation_x | window->dilation_y) != 1) {
        widen_border(layer, input, at, step, column, row);
        return;
    }
    const uint32_t channels = layer->input.channels, row_bytes = window->width * channels;
    const uint32_t row_step = layer->input.width * channels;
    const int8_t *values = input + (uint32_t)at->top * row_step + (uint32_t)at->left * channels;
    for (uint32_t tap = window->height; tap > 0; tap--, values += row_step) {
        column = mt_widen(values, row_bytes, step, column);
    }
}

/* Whether output pixel n sees input pixel n alone. */
static int is_pointwise(const mt_window *window)
{
    return (window->height | window->width | window->stride_y | window->stride_x) == 1;
}

/* Two output pixels. The rows of a last block that is not whole go through a block of their own. */
static inline __attribute__((always_inline)) void multiply(const mt_matrix *matrix, mt_two_columns *job,
                                                           int8_t *output, uint32_t distance)
{
    const uint32_t whole = matrix->rows / 4u, rest = matrix->rows % 4u;
    const uint32_t *words = matrix->words;
    uint32_t bytes[2];
    job->channels = matrix->channels;
    job->channels_end = job->channels + whole;
    job->output = output;
    job->distance = distance;
    for (uint32_t part = whole == 0; part < 1 + (rest > 0); part++) {
        if (part > 0) {
            job->channels_end++;
            job->output = (int8_t *)bytes;
            job->distance = 4;
        }
        words = mt_run_two_columns(words, job);
    }
    if (rest > 0) {
        mt_store_bytes(output + 4 * whole, bytes[0], (int32_t)rest);
        mt_store_bytes(output + 4 * whole + distance, bytes[1], (int32_t)rest);
    }
}

void mt_conv2d_s8(const mt_conv2d *layer, const int8_t *input, uint32_t *scratch, int8_t *output)
{
    uint32_t pixels = (uint32_t)layer->output.height * layer->output.width;
    const uint32_t channels = layer->output.channels;
    int8_t *row = (int8_t *)(scratch + 4 * layer->matrix.quads);
    mt_two_columns job = mt_two_columns_of(&layer->matrix, scratch);
    place at = {0, -(int32_t)layer->window.pad_left, -(int32_t)layer->window.pad_top};

    const int pointwise = is_pointwise(&layer->window);
    const int8_t *pixel = input;

    for (; pixels >= 2; pixels -= 2, output += 2 * channels) {
        for (uint32_t i = 0; i < 2; i++) {
            if (pointwise) {
                mt_widen(pixel, layer->input.channels, 2, scratch + i);
                pixel += layer->input.channels;
            } else {
                widen_window(layer, input, &at, 2, scratch + i, row);
                advance(layer, &at);
            }
        }
        multiply(&layer->matrix, &job, output, channels);
    }
    if (pixels > 0) {
        if (pointwise) {
            mt_widen_s8(pixel, layer->input.channels, 1, scratch);
        } else {
            widen_border(layer, input, &at, 1, scratch, row);
        }
        mt_matmul_1_column_s8(&layer->matrix, scratch, output);
    }
}
