#include "mt_kernels.h"
#include "mt_quantise.h"

/* The window as the plane has it: `longer` taps that lie `dilation` values apart, `shorter` times, `step` values
 * apart. */
typedef struct {
    uint32_t longer;
    uint32_t shorter;
    uint32_t dilation;
    uint32_t step;
} taps;

static taps taps_of(const mt_depthwise_conv2d *layer)
{
    const mt_window *window = &layer->window;
    if (layer->plane.row_step == 1) {
        return (taps){window->height, window->width, window->dilation_y,
                      (uint32_t)window->dilation_x * layer->plane.column_step};
    }
    return (taps){window->width, window->height, window->dilation_x,
                  (uint32_t)window->dilation_y * layer->plane.row_step};
}

/* One channel's weights, two of the longer side in a word. */
static void pack_weights(const taps *of, const int8_t *weights, uint32_t *pairs)
{
    for (uint32_t i = 0; i < of->shorter; i++, weights += of->longer) {
        for (uint32_t k = 0; k < of->longer; k += 2) {
            *pairs++ = mt_pack(weights[k], k + 1 < of->longer ? weights[k + 1] : 0);
        }
    }
}

static inline uint32_t smallest(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Copy one channel into its plane; the padding around it stays as it is. */
static void fill_plane(const mt_depthwise_conv2d *layer, const int8_t *input, int16_t *plane)
{
    const mt_plane *to = &layer->plane;
    const uint32_t pixel_step = layer->input.channels, row = layer->input.width * pixel_step;
    const uint32_t width = smallest(layer->input.width, to->width - layer->window.pad_left);
    const uint32_t height = smallest(layer->input.height, to->height - layer->window.pad_top);
    plane += layer->window.pad_top * to->row_step + layer->window.pad_left * to->column_step;
    for (uint32_t y = 0; y < height; y++, input += row, plane += to->row_step) {
        const int8_t *from = input;
        int16_t *value = plane;
        uint32_t left = width;
        for (; left >= 2; left -= 2) { /* loads first: one behind another takes one cycle */
            const int16_t a = from[0], b = from[pixel_step];
            from += 2 * pixel_step;
            value[0] = a;
            value[to->column_step] = b;
            value += 2 * to->column_step;
        }
        if (left > 0) {
            *value = *from;
        }
    }
}

static inline uint32_t load_pair(const int16_t *values)
{
    uint32_t pair;
    memcpy(&pair, values, sizeof pair);
    return pair;
}

/* Two sums at once, whose windows lie `apart` values from each other: one load of the weights serves both. */
static inline void sum_windows(const taps *of, const uint32_t *pairs, const int16_t *values, uint32_t apart,
                               int32_t *sums)
{
    const uint32_t words = (of->longer + 1) / 2, dilation = of->dilation;
    int32_t first = sums[0], second = sums[1];
    for (uint32_t i = 0; i < of->shorter; i++, values += of->step) {
        const int16_t *value = values;
        for (uint32_t left = words; left > 0; left--, value += 2 * dilation) {
            const uint32_t weights = *pairs++;
            if (dilation == 1) {
                first = mt_smlad(load_pair(value), weights, first);
                second = mt_smlad(load_pair(value + apart), weights, second);
            } else {
                first = mt_smlad(mt_pack(value[0], value[dilation]), weights, first);
                second = mt_smlad(mt_pack(value[apart], value[apart + dilation]), weights, second);
            }
        }
    }
    sums[0] = first;
    sums[1] = second;
}

static void convolve_channel(const mt_depthwise_conv2d *layer, uint32_t channel, const int16_t *plane,
                             uint32_t *pairs, int8_t *output)
{
    const taps of = taps_of(layer);
    const mt_channels *group = layer->channels + channel / 4;
    const uint32_t step = layer->output.channels, row = layer->output.width * step;
    const uint32_t apart = layer->window.stride_y * (uint32_t)layer->plane.row_step;
    pack_weights(&of, layer->weights + channel * of.longer * of.shorter, pairs);
    for (uint32_t x = 0; x < layer->output.width; x++) {
        const int16_t *values = plane + x * layer->window.stride_x * layer->plane.column_step;
        int8_t *to = output + x * step;
        for (int32_t left = layer->output.height; left > 0; left -= 2) {
            int32_t sums[2] = {group->bias[channel % 4], group->bias[channel % 4]};
            sum_windows(&of, pairs, values, left > 1 ? apart : 0, sums);
            uint32_t bytes = mt_group_byte(sums[0], group, channel % 4, layer->to.offset) |
                             mt_group_byte(sums[1], group, channel % 4, layer->to.offset) << 16;
            bytes = mt_bytes_to_output(bytes, &layer->to);
            to[left > 1 ? row : 0] = (int8_t)(bytes >> 16);
            *to = (int8_t)bytes; /* last: it remains where both have one address */
            to += 2 * row;
            values += 2 * apart;
        }
    }
}

void mt_depthwise_conv2d_s8(const mt_depthwise_conv2d *layer, const int8_t *input, uint32_t *scratch, int8_t *output)
{
    uint32_t words = layer->plane.height * (layer->plane.width / 2u);
    const uint32_t padding = mt_pack(layer->input_zero_point, layer->input_zero_point);
    for (uint32_t i = 0; i < words; i++) {
        scratch[i] = padding;
    }
    for (uint32_t channel = 0; channel < layer->output.channels; channel++) {
        if (channel % layer->multiplier == 0) {
            fill_plane(layer, input + channel / layer->multiplier, (int16_t *)scratch);
        }
        convolve_channel(layer, channel, (const int16_t *)scratch, scratch + words, output + channel);
    }
}
