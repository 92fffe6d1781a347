#include "mt_kernels.h"
#include "mt_requantise_any.h"

/* One sum: the window whose first tap lies at row y, column x, over the channels from `input` on. */
static int32_t sum_window(const mt_conv2d_plain *layer, const int8_t *input, int32_t y, int32_t x,
                          const int8_t *weights)
{
    const mt_window *window = &layer->window;
    const uint32_t depth = layer->depth;
    uint32_t sum = 0;
    for (int32_t ky = 0; ky < window->height; ky++) {
        for (int32_t kx = 0; kx < window->width; kx++, weights += depth) {
            int32_t row = y + ky * window->dilation_y, column = x + kx * window->dilation_x;
            if (row < 0 || row >= layer->input.height || column < 0 || column >= layer->input.width) {
                continue;
            }
            const int8_t *values = input + ((uint32_t)row * layer->input.width + column) * layer->input.channels;
            for (uint32_t i = 0; i < depth; i++) {
                sum += (uint32_t)((values[i] - layer->input_zero_point) * (weights[i] - layer->weights_zero_point));
            }
        }
    }
    return (int32_t)sum;
}

void mt_conv2d_plain_s8(const mt_conv2d_plain *layer, const int8_t *input, int8_t *output)
{
    const mt_window *window = &layer->window;
    const uint32_t filter_bytes = (uint32_t)window->height * window->width * layer->depth;
    for (int32_t y = 0; y < layer->output.height; y++) {
        for (int32_t x = 0; x < layer->output.width; x++) {
            int32_t top = y * window->stride_y - window->pad_top, left = x * window->stride_x - window->pad_left;
            for (uint32_t channel = 0; channel < layer->output.channels; channel++) {
                const int8_t *group = input + channel / layer->filters_per_group * layer->depth;
                int32_t sum = sum_window(layer, group, top, left, layer->weights + channel * filter_bytes);
                const mt_channels *channels = layer->channels + channel / 4;
                const uint32_t lane = channel % 4;
                mt_scale scale = {channels->multipliers[lane], channels->shifts[lane].left,
                                  channels->shifts[lane].right};
                int32_t scaled = mt_requantise_any((int32_t)((uint32_t)sum + (uint32_t)channels->bias[lane]), scale);
                int32_t stored = (int32_t)((uint32_t)scaled + (uint32_t)layer->to.zero_point);
                stored = stored < layer->to.lowest ? layer->to.lowest : stored;
                *output++ = (int8_t)(stored > layer->to.highest ? layer->to.highest : stored);
            }
        }
    }
}
