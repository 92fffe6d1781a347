#include "mt_dot_s16.h"
#include "mt_kernels_s16.h"
#include "mt_quantise_s16.h"

/* A product of a weight and a value has at most 23 bits: so many of them add up within 32 bits. */
#define MOST_TAPS 508u

/* Where the window of one output pixel meets the input: its first tap inside, and how many there are. */
typedef struct {
    const int16_t *input;
    const int8_t *weights;
    uint32_t height;
    uint32_t width;
} meeting;

/* Bytes of the weights of one tap. */
static inline uint32_t weights_step(const mt_depthwise_conv2d_s16_layer *layer)
{
    return (layer->output.channels + 3u) & ~3u;
}

/* The first tap inside and the number of taps inside, along an axis whose first tap lies at `at`. */
static inline void meet(int32_t at, int32_t extent, int32_t taps, int32_t dilation, int32_t *first, int32_t *count)
{
    int32_t begin = 0, end = 0;
    for (int32_t tap = 0; tap < taps; tap++, at += dilation) {
        begin += at < 0;
        end += at < extent;
    }
    *first = begin;
    *count = end > begin ? end - begin : 0;
}

static meeting meeting_at(const mt_depthwise_conv2d_s16_layer *layer, const int16_t *input, int32_t y, int32_t x)
{
    const mt_window *window = &layer->window;
    int32_t first_y, first_x, height, width;
    meet(y, layer->input.height, window->height, window->dilation_y, &first_y, &height);
    meet(x, layer->input.width, window->width, window->dilation_x, &first_x, &width);
    if (height == 0 || width == 0) { /* nothing but padding */
        return (meeting){input, layer->weights, 0, 0};
    }
    y += first_y * window->dilation_y;
    x += first_x * window->dilation_x;
    return (meeting){
        input + (y * layer->input.width + x) * layer->input.channels,
        layer->weights + (uint32_t)(first_y * window->width + first_x) * weights_step(layer),
        (uint32_t)height,
        (uint32_t)width,
    };
}

/* Lanes of the channels c0, c1 or c2, c3. */
static inline int32_t lower(uint32_t a, uint32_t b, int32_t sum)
{
    return (int16_t)a * (int16_t)b + sum;
}

static inline int32_t upper(uint32_t a, uint32_t b, int32_t sum)
{
    return ((int32_t)a >> 16) * ((int32_t)b >> 16) + sum;
}

static inline uint32_t load_two(const int16_t *values)
{
    uint32_t word;
    memcpy(&word, values, sizeof word);
    return word;
}

/* Four channels from `channel` on. */
static void four_channels(const mt_depthwise_conv2d_s16_layer *layer, meeting at, uint32_t channel, int16_t *output)
{
    const uint32_t step = weights_step(layer), input_step = layer->window.dilation_x * layer->input.channels;
    const uint32_t input_row = (uint32_t)layer->window.dilation_y * layer->input.width * layer->input.channels;
    int32_t sums[4] = {0, 0, 0, 0};
    for (uint32_t row = 0; row < at.height; row++) {
        const int16_t *values = at.input + row * input_row + channel;
        const int8_t *weights = at.weights + row * layer->window.width * step + channel;
        for (uint32_t left = at.width; left > 0; left--) {
            const uint32_t four = mt_load_4(__builtin_assume_aligned(weights, 4));
            const uint32_t low = load_two(values), high = load_two(values + 2);
            const uint32_t low_weights = mt_bytes_0_2(four), high_weights = mt_bytes_1_3(four);
            sums[0] = lower(low, low_weights, sums[0]);
            sums[1] = upper(low, low_weights, sums[1]);
            sums[2] = lower(high, high_weights, sums[2]);
            sums[3] = upper(high, high_weights, sums[3]);
            values += input_step;
            weights += step;
        }
    }
    for (uint32_t i = 0; i < 4; i++) {
        const mt_channel_s16 *to = layer->channels + channel + i;
        output[channel + i] = mt_channel_value(mt_bias(to) + sums[i], to, 0, layer->range);
    }
}

/* One output channel, whatever the multiplier and the number of taps. */
static void one_channel(const mt_depthwise_conv2d_s16_layer *layer, meeting at, uint32_t channel, uint32_t source,
                        int16_t *output)
{
    const mt_channel_s16 *to = layer->channels + channel;
    const uint32_t step = weights_step(layer), input_step = layer->window.dilation_x * layer->input.channels;
    const uint32_t input_row = (uint32_t)layer->window.dilation_y * layer->input.width * layer->input.channels;
    const uint32_t swapped = (channel & ~3u) | (channel & 1u) << 1 | (channel >> 1 & 1u); /* among four bytes */
    int64_t sum = mt_bias(to);
    for (uint32_t row = 0; row < at.height; row++) {
        const int16_t *values = at.input + row * input_row + source;
        const int8_t *weights = at.weights + row * layer->window.width * step + swapped;
        int32_t row_sum = 0;
        for (uint32_t left = at.width; left > 0; left--) {
            row_sum += *values * *weights;
            values += input_step;
            weights += step;
        }
        sum += row_sum;
    }
    output[channel] = mt_channel_value(sum, to, 0, layer->range);
}

static void pixel(const mt_depthwise_conv2d_s16_layer *layer, meeting at, int16_t *output)
{
    const uint32_t channels = layer->output.channels, multiplier = layer->multiplier;
    const uint32_t taps = (uint32_t)layer->window.height * layer->window.width;
    uint32_t channel = 0;
    if (multiplier == 1 && taps <= MOST_TAPS) {
        for (; channel + 4 <= channels; channel += 4) {
            four_channels(layer, at, channel, output);
        }
    }
    uint32_t source = channel, copies = 0; /* channel = source * multiplier + copies */
    for (; channel < channels; channel++) {
        one_channel(layer, at, channel, source, output);
        if (++copies == multiplier) {
            copies = 0;
            source++;
        }
    }
}

void mt_depthwise_conv2d_s16(const mt_depthwise_conv2d_s16_layer *layer, const int16_t *input, int16_t *output)
{
    const mt_window *window = &layer->window;
    for (int32_t row = 0; row < layer->output.height; row++) {
        const int32_t y = row * window->stride_y - window->pad_top;
        for (int32_t column = 0; column < layer->output.width; column++) {
            const int32_t x = column * window->stride_x - window->pad_left;
            pixel(layer, meeting_at(layer, input, y, x), output);
            output += layer->output.channels;
        }
    }
}
