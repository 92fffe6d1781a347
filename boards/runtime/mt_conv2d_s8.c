#include "mt_kernels.h"
#include "mt_two_columns.h"
#include "mt_widen.h"

#include <string.h>

/* A window that slides over the input: where it is and what does not change on its way. */
typedef struct {
    const mt_conv2d *layer;
    const int8_t *input;
    const int8_t *values; /* of the first tap, where it lies inside */
    int8_t *gathered;     /* room for the values under a window */
    int32_t left;         /* position of the first tap */
    int32_t top;
    int32_t last_left; /* inside the input from 0 to this; -1 where the window never is */
    int32_t last_top;
    uint32_t pixels_left;  /* in this row of the output */
    uint32_t row_step;     /* bytes from row to row of the input */
    uint32_t step;         /* bytes from row to row of the values under the window: there, or as gathered */
    uint32_t stride_bytes; /* from window to window */
    uint32_t row_bytes;    /* under the window */
    uint32_t quads;        /* of them in whole quads */
    uint32_t rest;         /* bytes beyond */
} sliding;

static void start_row(sliding *window, int32_t top)
{
    const mt_conv2d *layer = window->layer;
    window->top = top;
    window->left = -(int32_t)layer->window.pad_left;
    window->pixels_left = layer->output.width;
    window->values = window->input + top * (int32_t)window->row_step + window->left * (int32_t)layer->input.channels;
}

static sliding sliding_of(const mt_conv2d *layer, const int8_t *input, int8_t *gathered)
{
    const mt_window *of = &layer->window;
    const uint32_t channels = layer->input.channels, row_bytes = of->width * channels;
    const int is_dense = (of->dilation_x | of->dilation_y) == 1;
    sliding window = {.layer = layer, .input = input, .gathered = gathered,
                      .last_left = is_dense ? layer->input.width - of->width : -1,
                      .last_top = layer->input.height - of->height, .row_step = layer->input.width * channels,
                      .row_bytes = row_bytes, .stride_bytes = of->stride_x * channels, .quads = row_bytes / 4u,
                      .rest = row_bytes % 4u};
    start_row(&window, -(int32_t)of->pad_top);
    return window;
}

static inline int32_t within(int32_t value, int32_t highest)
{
    return value < 0 ? 0 : value > highest ? highest : value;
}

/* Rows of a window are short more often than not: no call for those. */
static inline void copy(int8_t *to, const int8_t *from, uint32_t count)
{
    if (count >= 16) {
        memcpy(to, from, count);
        return;
    }
    for (; count >= 4; count -= 4, to += 4, from += 4) {
        memcpy(to, from, 4);
    }
    for (; count > 0; count--) {
        *to++ = *from++;
    }
}

/* Copy the taps of a row from `first` up to `end`, which lie in the input. */
static void gather_row(const sliding *window, const int8_t *from, int32_t first, int32_t end, int8_t *to)
{
    const uint32_t channels = window->layer->input.channels, dilation = window->layer->window.dilation_x;
    to += (uint32_t)first * channels;
    if (dilation == 1) {
        copy(to, from, (uint32_t)(end - first) * channels);
        return;
    }
    for (; first < end; first++, from += dilation * channels, to += channels) {
        memcpy(to, from, channels);
    }
}

/* The values under a window at the border, or with dilation: padding first, then what lies inside. */
static __attribute__((noinline)) void gather_window(const sliding *window)
{
    const mt_conv2d *layer = window->layer;
    const int32_t taps = layer->window.width, dilation = layer->window.dilation_x;
    const int32_t first = within((dilation - 1 - window->left) / dilation, taps);
    const int32_t end = within((layer->input.width - window->left + dilation - 1) / dilation, taps);
    int8_t *to = window->gathered;
    const int8_t *from = window->values + first * dilation * (int32_t)layer->input.channels;
    memset(to, layer->input_zero_point, layer->window.height * window->row_bytes);
    int32_t y = window->top;
    for (uint32_t left = first < end ? layer->window.height : 0; left > 0; left--) {
        if (y >= 0 && y < layer->input.height) {
            gather_row(window, from, first, end, to);
        }
        y += layer->window.dilation_y;
        from += layer->window.dilation_y * window->row_step;
        to += window->row_bytes;
    }
}

/* What rows have beyond whole quads: two values of each row, then one value of every two rows, in a word. */
static inline __attribute__((always_inline)) void widen_rests(const sliding *window, const int8_t *values,
                                                              uint32_t *column)
{
    const uint32_t rows = window->layer->window.height, step = window->step;
    values += 4 * window->quads;
    if (window->rest & 2u) {
        const int8_t *value = values;
        for (uint32_t left = rows; left > 0; left--, value += step, column += 2) {
            *column = mt_pack(value[0], value[1]);
        }
        values += 2;
    }
    if (window->rest & 1u) {
        for (uint32_t left = rows / 2; left > 0; left--, values += 2 * step, column += 2) {
            *column = mt_pack(values[0], values[step]);
        }
        if (rows % 2u > 0) {
            *column = mt_pack(values[0], 0);
        }
    }
}

/* The values under the window, `window->step` bytes from row to row; the window moves on. */
static inline __attribute__((always_inline)) const int8_t *next_window(sliding *window)
{
    const mt_window *of = &window->layer->window;
    const int8_t *values = window->values;
    window->step = window->row_step;
    if (window->left < 0 || window->left > window->last_left || window->top < 0 || window->top > window->last_top) {
        gather_window(window);
        values = window->gathered;
        window->step = window->row_bytes;
    }
    window->left += of->stride_x;
    window->values += window->stride_bytes;
    if (--window->pixels_left == 0) {
        start_row(window, window->top + of->stride_y);
    }
    return values;
}

/* Whether the window sees one pixel after the other. */
static int is_pointwise(const mt_window *window)
{
    return (window->height | window->width | window->stride_y | window->stride_x) == 1;
}

/* Every row for the two columns; those of a last block that is not whole go through a block of their own. */
static inline __attribute__((always_inline)) void multiply(const mt_matrix *matrix, mt_two_columns *job,
                                                           int8_t *output, uint32_t distance)
{
    const uint32_t rest = matrix->rows % 4u;
    const uint32_t *words = matrix->words;
    uint32_t bytes[2];
    job->groups = matrix->groups;
    job->output = output;
    job->distance = distance;
    for (int is_last = matrix->rows < 4;; is_last = 1) {
        if (is_last) {
            job->groups_end++;
            job->output = (int8_t *)bytes;
            job->distance = 4;
        }
        words = mt_run_two_columns(words, job);
        if (rest == 0) {
            return;
        }
        if (is_last) {
            break;
        }
    }
    job->groups_end--;
    output += matrix->rows - rest;
    mt_store_bytes(output + distance, bytes[1], (int32_t)rest);
    mt_store_bytes(output, bytes[0], (int32_t)rest); /* last: it remains where both have one address */
}

void mt_conv2d_s8(const mt_conv2d *layer, const int8_t *input, uint32_t *scratch, int8_t *output)
{
    const uint32_t channels = layer->output.channels;
    const uint32_t pixel_step = is_pointwise(&layer->window) ? layer->input.channels : 0;
    mt_two_columns job = mt_two_columns_of(&layer->matrix, scratch);
    sliding window = sliding_of(layer, input, (int8_t *)(scratch + 4 * layer->matrix.quads));
    int32_t pixels = layer->output.height * layer->output.width;
    for (; pixels > 0; pixels -= 2, output += 2 * channels) {
        const uint32_t *end = scratch + (pixels > 1 ? 2 : 1); /* an odd pixel goes with a column that is dropped */
        for (uint32_t *column = scratch; column != end; column++, input += pixel_step) {
            const int8_t *values = pixel_step > 0 ? input : next_window(&window);
            uint32_t *rests = mt_widen_rows(values, window.quads, window.step, layer->window.height, column);
            if (window.rest > 0) {
                widen_rests(&window, values, rests);
            }
        }
        multiply(&layer->matrix, &job, output, pixels > 1 ? channels : 0);
    }
}
