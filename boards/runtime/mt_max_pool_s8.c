#include "mt_kernels.h"
#include "mt_quantise.h"

/* One output pixel: the largest of a block of `height` x `width` pixels that all lie inside the input. */
static void largest(const mt_pool *layer, const int8_t *block, uint32_t height, uint32_t width, int8_t *output)
{
    uint32_t channels = layer->input.channels;
    for (uint32_t channel = 0; channel < channels; channel++) {
        const int8_t *row = block + channel;
        int32_t found = -128;
        for (uint32_t y = 0; y < height; y++) {
            for (uint32_t x = 0; x < width; x++) {
                int32_t value = row[x * channels];
                found = value > found ? value : found;
            }
            row += (uint32_t)layer->input.width * channels;
        }
        output[channel] = (int8_t)mt_clamp(found, layer->lowest, layer->highest);
    }
}

void mt_max_pool_s8(const mt_pool *layer, const int8_t *input, int8_t *output)
{
    const mt_window *window = &layer->window;
    for (int32_t y = 0; y < layer->output.height; y++) {
        int32_t top = y * window->stride_y - window->pad_top;
        int32_t first_y = top < 0 ? 0 : top;
        int32_t end_y = mt_clamp(top + window->height, 0, layer->input.height);
        for (int32_t x = 0; x < layer->output.width; x++) {
            int32_t left = x * window->stride_x - window->pad_left;
            int32_t first_x = left < 0 ? 0 : left;
            int32_t end_x = mt_clamp(left + window->width, 0, layer->input.width);
            const int8_t *block = input + (first_y * layer->input.width + first_x) * layer->input.channels;
            largest(layer, block, (uint32_t)(end_y - first_y), (uint32_t)(end_x - first_x), output);
            output += layer->output.channels;
        }
    }
}
