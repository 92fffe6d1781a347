#include "mt_quantise_s16.h"
#include "mt_quartets_s16.h"

/* A product of a weight and a value has at most 23 bits: so many of them add up within 32 bits. */
#define MOST_TAPS 508u

/* Where the window of one output pixel meets the input: its first tap inside, how many there are, and the way on. */
typedef struct {
    const int16_t *input;
    const int8_t *weights;
    uint32_t height;
    uint32_t width;
    uint32_t input_step; /* from a tap to the next, in values; from the end of a row of taps to the next row */
    uint32_t input_skip;
    uint32_t weights_step; /* the same, in bytes */
    uint32_t weights_skip;
} meeting;

/* The first tap inside and the number of taps inside, along an axis whose first tap lies at `at`. */
static inline void meet(int32_t at, int32_t extent, int32_t taps, int32_t dilation, uint32_t *first, uint32_t *count)
{
    uint32_t begin = 0, end = 0;
    for (int32_t tap = 0; tap < taps; tap++, at += dilation) {
        begin += at < 0;
        end += at < extent;
    }
    *first = begin;
    *count = end > begin ? end - begin : 0;
}

static void meet_window(const mt_depthwise_conv2d_s16_layer *layer, const int16_t *input, int32_t y, int32_t x,
                        meeting *at)
{
    const mt_window *window = &layer->window;
    const uint32_t channels = layer->input.channels, input_row = layer->input.width * channels;
    uint32_t first_y, first_x;
    meet(y, layer->input.height, window->height, window->dilation_y, &first_y, &at->height);
    meet(x, layer->input.width, window->width, window->dilation_x, &first_x, &at->width);
    at->weights_step = (layer->output.channels + 3u) & ~3u;
    at->input_step = window->dilation_x * channels;
    at->weights_skip = (window->width - at->width) * at->weights_step;
    at->input_skip = window->dilation_y * input_row - at->width * at->input_step;
    at->input = input;
    at->weights = layer->weights;
    if (at->height == 0 || at->width == 0) { /* nothing but padding */
        at->height = 0;
        return;
    }
    y += (int32_t)first_y * window->dilation_y;
    x += (int32_t)first_x * window->dilation_x;
    at->input += (uint32_t)y * input_row + (uint32_t)x * channels;
    at->weights += (first_y * window->width + first_x) * at->weights_step;
}

/* One output channel, whatever the multiplier and the number of taps. */
static void one_channel(const mt_depthwise_conv2d_s16_layer *layer, const meeting *at, uint32_t channel,
                        uint32_t source, int16_t *output)
{
    const mt_channel_s16 *to = layer->channels + channel;
    const uint32_t swapped = (channel & ~3u) | (channel & 1u) << 1 | (channel >> 1 & 1u); /* among four bytes */
    const int16_t *values = at->input + source;
    const int8_t *weights = at->weights + swapped;
    int64_t sum = mt_bias(to);
    for (uint32_t row = at->height; row > 0; row--, values += at->input_skip, weights += at->weights_skip) {
        int32_t row_sum = 0;
        for (uint32_t left = at->width; left > 0; left--, values += at->input_step, weights += at->weights_step) {
            row_sum += *values * *weights;
        }
        sum += row_sum;
    }
    output[channel] = mt_wide_value(sum, to, layer->range);
}

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/* The first `channels` channels, in fours. */
static void quartets(const mt_depthwise_conv2d_s16_layer *layer, const meeting *at, uint32_t channels,
                     int16_t *output)
{
    mt_quartets job = {
        .values = at->input,
        .weights = at->weights,
        .channels = layer->channels,
        .channels_end = layer->channels + channels,
        .output = output,
        .height = at->height,
        .width = at->width,
        .input_step = 2 * at->input_step,
        .input_skip = 2 * at->input_skip,
        .weights_step = at->weights_step,
        .weights_skip = at->weights_skip,
        .lowest = mt_twice(layer->range.lowest),
        .highest = mt_twice(layer->range.highest),
    };
    mt_run_quartets_s16(&job);
}

#else

static void quartets(const mt_depthwise_conv2d_s16_layer *layer, const meeting *at, uint32_t channels,
                     int16_t *output)
{
    for (uint32_t channel = 0; channel < channels; channel++) {
        one_channel(layer, at, channel, channel, output);
    }
}

#endif

static void pixel(const mt_depthwise_conv2d_s16_layer *layer, const meeting *at, int16_t *output)
{
    const uint32_t channels = layer->output.channels, multiplier = layer->multiplier;
    const uint32_t taps = (uint32_t)layer->window.height * layer->window.width;
    uint32_t channel = 0;
    if (multiplier == 1 && taps <= MOST_TAPS && channels >= 4) {
        channel = channels & ~3u;
        quartets(layer, at, channel, output);
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
    meeting at;
    for (int32_t row = 0; row < layer->output.height; row++) {
        const int32_t y = row * window->stride_y - window->pad_top;
        for (int32_t column = 0; column < layer->output.width; column++) {
            meet_window(layer, input, y, column * window->stride_x - window->pad_left, &at);
            pixel(layer, &at, output);
            output += layer->output.channels;
        }
    }
}
