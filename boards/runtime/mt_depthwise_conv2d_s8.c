#include "mt_kernels.h"
#include "mt_pixels.h"
#include "mt_quantise.h"
#include "mt_window_turn.h"

#define CHANNELS_PER_WORD 4u
#define OUTPUTS_PER_TURN 4u

/* The channels that are computed together: some lanes of the words read from `input`. */
typedef struct {
    const int8_t *input;
    uint32_t first_lane;
    uint32_t count;
    uint32_t channel; /* of the output, that of the first lane */
    int8_t *output;   /* of that channel */
} part;

/* Weights of a window's row: two taps a word, or one if dilation takes them apart. */
static void pack_weights(const mt_depthwise_conv2d *layer, const int8_t *weights, uint32_t *words)
{
    const uint32_t taps_per_word = layer->window.dilation_x == 1 ? 2 : 1;
    for (uint32_t y = 0; y < layer->window.height; y++, weights += layer->window.width) {
        for (uint32_t x = 0; x < layer->window.width; x += taps_per_word) {
            const uint32_t has_second = taps_per_word == 2 && x + 1 < layer->window.width;
            *words++ = mt_pack(weights[x], has_second ? weights[x + 1] : 0);
        }
    }
}

/* A pixel's channels; fewer than four are read byte by byte, nothing behind them. */
static inline uint32_t load_channels(const int8_t *pixel, uint32_t count)
{
    if (count >= CHANNELS_PER_WORD) {
        return mt_load_4(pixel);
    }
    uint32_t word = 0;
    while (count > 0) {
        word = word << 8 | (uint8_t)pixel[--count];
    }
    return word;
}

/* A row of the input to four rows of 16-bit lanes, one for each channel. One outside of the image reads the same zero
 * points again and again; an odd last pixel is paired with them. */
static __attribute__((noinline)) void widen_row(const mt_depthwise_conv2d *layer, const int8_t *input, uint32_t y,
                                                uint32_t *lanes)
{
    const uint32_t zero_points = (uint8_t)layer->input_zero_point * 0x01010101u;
    const uint32_t is_inside = y < layer->input.height;
    const uint32_t step = is_inside ? layer->input.pixel_step : 0, pitch = layer->row_words;
    const uint32_t count = layer->input.channels;
    const int8_t *pixel = is_inside ? input + y * layer->input.row_step : (const int8_t *)&zero_points;
    int32_t left = layer->widened;
    lanes += layer->indent / 2;
    if (count >= CHANNELS_PER_WORD) {
        for (; left >= 2; left -= 2, pixel += 2 * step, lanes++) {
            mt_widen_pixels(mt_load_4(pixel), mt_load_4(pixel + step), lanes, pitch);
        }
    }
    for (; left > 0; left -= 2, pixel += 2 * step, lanes++) {
        const uint32_t other = left > 1 ? load_channels(pixel + step, count) : zero_points;
        mt_widen_pixels(load_channels(pixel, count), other, lanes, pitch);
    }
}

static inline uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* A row of outputs of all channels of a part. A last turn that is not full goes back and computes some again; of a row
 * of less than four, those beyond its end fall on the last one and are overwritten. */
static __attribute__((noinline)) void convolve_row(const mt_depthwise_conv2d *layer, const part *of,
                                                   const mt_turns *common, const uint32_t *weights,
                                                   const int8_t *lanes, int8_t *output)
{
    const uint32_t width = layer->output.width, step = layer->output.pixel_step;
    const uint32_t last = width > OUTPUTS_PER_TURN ? width - OUTPUTS_PER_TURN : 0;
    mt_turns turns = *common;
    for (uint32_t i = 0; i < of->count; i++) {
        const uint32_t channel = of->channel + i * layer->multiplier;
        const mt_channels *group = layer->channels + channel / 4;
        turns.bias = group->bias[channel % 4];
        turns.multiplier = group->multipliers[channel % 4];
        turns.left = group->shifts[channel % 4].left;
        turns.right = group->shifts[channel % 4].right;
        turns.addend = (int32_t)(turns.to.offset << turns.right >> 1);
        for (uint32_t done = 0; done < width; done += OUTPUTS_PER_TURN) {
            const uint32_t x = smaller(done, last);
            mt_run_turn(&turns, weights, lanes + x * turns.apart, output + x * step);
        }
        weights += layer->window.height * layer->words;
        lanes += 4u * layer->row_words;
        output += layer->multiplier;
    }
}

static void convolve_part(const mt_depthwise_conv2d *layer, const part *of, uint32_t *ring)
{
    const uint32_t pitch = CHANNELS_PER_WORD * layer->row_words, ring_rows = layer->ring_rows;
    const uint32_t height = layer->window.height, window_words = height * layer->words;
    const uint32_t dilation = layer->window.dilation_x;
    uint32_t *offsets = ring + ring_rows * pitch, *weights = offsets + height;
    const uint32_t width = layer->output.width, step = layer->output.pixel_step;
    mt_turns turns = {.offsets = offsets, .end = offsets + height, .words = layer->words, .to = layer->to};
    turns.step = dilation == 1 ? 4 : 2 * dilation;
    turns.apart = 2u * layer->window.stride_x;
    for (uint32_t i = 0; i < 3; i++) {
        turns.steps[i] = smaller(i + 1, width - 1) * step;
    }
    const int8_t *lanes = (const int8_t *)ring + 2u * (layer->indent - layer->window.pad_left);
    for (uint32_t i = 0; i < of->count; i++) {
        const uint32_t channel = of->channel + i * layer->multiplier;
        pack_weights(layer, layer->weights + channel * height * layer->window.width, weights + i * window_words);
    }
    int8_t *output = of->output;
    uint32_t widened = 0, widened_slot = 0, top = 0, slot = 0;
    for (uint32_t left = layer->output.height; left > 0; left--, output += layer->output.row_step) {
        for (; widened < top + ring_rows; widened++) {
            if (widened >= top) {
                widen_row(layer, of->input, widened - layer->window.pad_top, ring + widened_slot * pitch);
            }
            widened_slot = widened_slot + 1 == ring_rows ? 0 : widened_slot + 1;
        }
        for (uint32_t y = 0, at = slot; y < height; y++) {
            offsets[y] = 4 * at * pitch;
            at += layer->window.dilation_y;
            at = at >= ring_rows ? at - ring_rows : at;
        }
        convolve_row(layer, of, &turns, weights, lanes + 4 * of->first_lane * layer->row_words, output);
        top += layer->window.stride_y;
        for (slot += layer->window.stride_y; slot >= ring_rows; slot -= ring_rows) {
        }
    }
}

void mt_depthwise_conv2d_s8(const mt_depthwise_conv2d *layer, const int8_t *input, uint32_t *scratch, int8_t *output)
{
    const uint32_t words = layer->ring_rows * CHANNELS_PER_WORD * layer->row_words;
    const uint32_t padding = mt_pack(layer->input_zero_point, layer->input_zero_point);
    const uint32_t channels = layer->input.channels, multiplier = layer->multiplier;
    for (uint32_t i = 0; i < words; i++) {
        scratch[i] = padding;
    }
    for (uint32_t channel = 0; channel < channels; channel += CHANNELS_PER_WORD) {
        const uint32_t left = channels - channel, count = left < CHANNELS_PER_WORD ? left : CHANNELS_PER_WORD;
        const uint32_t first_lane = channels < CHANNELS_PER_WORD ? 0 : CHANNELS_PER_WORD - count;
        for (uint32_t i = 0; i < multiplier; i++) {
            const uint32_t first = channel * multiplier + i;
            const part of = {input + channel - first_lane, first_lane, count, first, output + first};
            convolve_part(layer, &of, scratch);
        }
    }
}
