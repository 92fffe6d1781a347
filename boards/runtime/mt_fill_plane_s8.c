#include "mt_kernels.h"

static inline uint32_t smallest(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

void mt_fill_plane_s8(const mt_depthwise_conv2d *layer, const int8_t *input, int16_t *plane)
{
    const uint32_t pixel_step = layer->input.channels, row_step = layer->plane.row_step;
    const uint32_t input_step = layer->input.width * pixel_step;
    const uint32_t width = smallest(layer->input.width, layer->plane.width - layer->window.pad_left);
    const uint32_t height = smallest(layer->input.height, layer->plane.height - layer->window.pad_top);
    plane += layer->window.pad_top * row_step;
    for (uint32_t x = layer->window.pad_left; x < layer->window.pad_left + width; x++, input += pixel_step) {
        const int8_t *from = input;
        int16_t *to = plane + x / 2 * layer->plane.pair_step + x % 2 * layer->plane.odd_step;
        uint32_t left = height;
        for (; left >= 4; left -= 4) { /* loads first: one behind another takes one cycle */
            int16_t a = from[0], b = from[input_step];
            from += 2 * input_step;
            int16_t c = from[0], d = from[input_step];
            from += 2 * input_step;
            to[0] = a;
            to[row_step] = b;
            to += 2 * row_step;
            to[0] = c;
            to[row_step] = d;
            to += 2 * row_step;
        }
        for (; left > 0; left--, from += input_step, to += row_step) {
            *to = *from;
        }
    }
}
