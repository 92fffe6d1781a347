/* Where a pool's window lies: a block of pixels inside the input. */
#ifndef MT_POOL_S16_H
#define MT_POOL_S16_H

#include "mt_kernels_s16.h"

typedef struct {
    const int16_t *values;
    uint32_t height;
    uint32_t width;
} mt_block_s16;

static inline int32_t mt_block_end(int32_t end, int32_t extent)
{
    return end < extent ? end : extent;
}

/* The block under the window of the output pixel at row y, column x. */
static inline mt_block_s16 mt_block_at(const mt_pool *layer, const int16_t *input, int32_t y, int32_t x)
{
    const mt_window *window = &layer->window;
    const int32_t top = y * window->stride_y - window->pad_top, left = x * window->stride_x - window->pad_left;
    const int32_t first_y = top < 0 ? 0 : top, first_x = left < 0 ? 0 : left;
    return (mt_block_s16){
        input + (first_y * layer->input.width + first_x) * layer->input.channels,
        (uint32_t)(mt_block_end(top + window->height, layer->input.height) - first_y),
        (uint32_t)(mt_block_end(left + window->width, layer->input.width) - first_x),
    };
}

#endif
