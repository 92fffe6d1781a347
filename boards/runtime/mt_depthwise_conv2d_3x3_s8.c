#include "mt_kernels.h"
#include "mt_pixels.h"
#include "mt_row_3x3_stride_1.h"
#include "mt_row_3x3_stride_2.h"

static inline uint32_t shifted(int8_t weight, uint32_t left)
{
    return (uint32_t)weight << left;
}

/* `count` channels from `channel` on, all of them in one group of four. */
static inline void prepare(const mt_depthwise_conv2d_3x3 *layer, uint32_t channel, uint32_t count, mt_channel_3x3 *to)
{
    const mt_channels *group = layer->channels + channel / 4;
    const int8_t *weights = layer->weights + 9 * channel;
    const uint32_t offset = layer->to.offset, is_stride_1 = layer->stride == 1;
    for (uint32_t i = 0; i < count; i++, to++, weights += 9) {
        const uint32_t left = group->shifts[i].left, right = group->shifts[i].right;
        const uint32_t d = shifted(weights[3], left), e = shifted(weights[4], left), f = shifted(weights[5], left);
        to->first[0] = mt_low_lanes(shifted(weights[0], left), d);
        to->first[1] = mt_low_lanes(shifted(weights[1], left), e);
        to->first[2] = mt_low_lanes(shifted(weights[2], left), f);
        const uint32_t g = shifted(weights[6], left), h = shifted(weights[7], left), k = shifted(weights[8], left);
        to->last[0] = is_stride_1 ? mt_low_lanes(d, g) : mt_low_lanes(g, h);
        to->last[1] = is_stride_1 ? mt_low_lanes(e, h) : k;
        to->last[2] = mt_low_lanes(f, k);
        to->bias = (int32_t)((uint32_t)group->bias[i] << left);
        to->addend = (int32_t)(offset << right >> 1);
        to->right = right;
        to->multiplier = group->multipliers[i];
    }
}

/* A row of the input, four channels of it: `step` bytes from a pixel to the next. */
typedef struct {
    const int8_t *pixel;
    uint32_t step;
} pixels;

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/* `mt_widen_pixels` of (upper, lower). */
#define MT_WIDEN                                                                                            \
    "ldr r6, [%[upper]]\n ldr r12, [%[lower]]\n add %[upper], %[upper_step]\n add %[lower], %[lower_step]\n"     \
    "pkhbt lr, r6, r12, lsl #16\n pkhtb r12, r12, r6, asr #16\n"                                               \
    "sxtb16 r6, lr\n sxtb16 lr, lr, ror #8\n str r6, [%[to]], #4\n str lr, [%[to]], #4\n"                       \
    "sxtb16 r6, r12\n sxtb16 r12, r12, ror #8\n str r6, [%[to]], #4\n str r12, [%[to]], #4\n"

static inline void widen(pixels upper, pixels lower, uint32_t count, uint32_t *to)
{
    __asm__ volatile("lsrs r6, %[count], #1\n bcs 2f\n"
                     "1:\n" MT_WIDEN "2:\n" MT_WIDEN "subs %[count], #2\n bgt 1b\n"
                     : [upper] "+&r"(upper.pixel), [lower] "+&r"(lower.pixel), [to] "+&r"(to), [count] "+&r"(count)
                     : [upper_step] "r"(upper.step), [lower_step] "r"(lower.step)
                     : "r6", "r12", "lr", "cc", "memory");
}

#else

/* `count` pixels of both rows to words (upper, lower), channel after channel. */
static inline void widen(pixels upper, pixels lower, uint32_t count, uint32_t *to)
{
    for (; count > 0; count--, upper.pixel += upper.step, lower.pixel += lower.step) {
        mt_widen_pixels(mt_load_4(upper.pixel), mt_load_4(lower.pixel), to, 1);
        to += MT_CHANNELS_PER_WORD;
    }
}

#endif

/* Saturate all outputs at the lower end as well. */
static inline void finish(const mt_bytes_output *to, int8_t *bytes, uint32_t count)
{
    const uint32_t excess = to->excess, lowest = to->lowest;
    for (; count >= 16; count -= 16, bytes += 16) { /* loads first: one behind another takes one cycle */
        const uint32_t a = mt_load_4(bytes), b = mt_load_4(bytes + 4);
        const uint32_t c = mt_load_4(bytes + 8), d = mt_load_4(bytes + 12);
        mt_store_bytes(bytes, mt_add_bytes(mt_subtract_bytes(a, excess), lowest), 4);
        mt_store_bytes(bytes + 4, mt_add_bytes(mt_subtract_bytes(b, excess), lowest), 4);
        mt_store_bytes(bytes + 8, mt_add_bytes(mt_subtract_bytes(c, excess), lowest), 4);
        mt_store_bytes(bytes + 12, mt_add_bytes(mt_subtract_bytes(d, excess), lowest), 4);
    }
    for (; count > 0; count--, bytes++) {
        *bytes = (int8_t)mt_add_bytes(mt_subtract_bytes((uint8_t)*bytes, excess), lowest);
    }
}

/* Band after band, a pair of rows is widened, and the outputs are computed that it completes; they may overwrite rows
 * widened before. Channels that are not four are the last lanes of their words. */
void mt_depthwise_conv2d_3x3_s8(const mt_depthwise_conv2d_3x3 *layer, const int8_t *input, uint32_t *scratch,
                                int8_t *output)
{
    const uint32_t zero_points = (uint8_t)layer->input_zero_point * 0x01010101u;
    const pixels outside = {(const int8_t *)&zero_points, 0}; /* the same four of them again and again */
    const uint32_t padding = mt_pack(layer->input_zero_point, layer->input_zero_point);
    const uint32_t channels = layer->output.channels, words = layer->columns * MT_CHANNELS_PER_WORD;
    const uint32_t input_row = layer->input.width * channels, output_row = layer->output.width * channels;
    const uint32_t height = layer->input.height, widened = layer->widened;
    const uint32_t indent = layer->pad_left * MT_CHANNELS_PER_WORD;
    const int32_t output_height = layer->output.height, rows_in_band = 3 - layer->stride;
    const uint32_t output_band = (uint32_t)rows_in_band * output_row;
    mt_channel_3x3 *prepared = (mt_channel_3x3 *)(scratch + 2 * words), *last = prepared + MT_CHANNELS_PER_WORD;
    mt_rows_stride_1 rows_1;
    mt_rows_stride_2 rows_2;
    mt_prepare_rows_stride_1(&rows_1, layer->output.width, channels, last);
    mt_prepare_rows_stride_2(&rows_2, layer->output.width, channels, last);
    for (uint32_t i = 0; i < 2 * words; i++) {
        scratch[i] = padding;
    }
    for (uint32_t channel = 0; channel < channels; channel += MT_CHANNELS_PER_WORD) {
        const uint32_t left = channels - channel, count = left < MT_CHANNELS_PER_WORD ? left : MT_CHANNELS_PER_WORD;
        const uint32_t lane = MT_CHANNELS_PER_WORD - count;
        const int8_t *from = input + channel - lane;
        mt_row_3x3 row = {last - count, scratch + words + lane, scratch + lane, output + channel};
        prepare(layer, channel, count, last - count);
        rows_1.down = output_row;
        uint32_t y = 0u - layer->pad_top;
        int32_t at = -(int32_t)(layer->pad_top * input_row);
        for (int32_t rows_left = output_height + rows_in_band; rows_left > 0; rows_left -= rows_in_band) {
            uint32_t *below = row.pair;
            row.pair = row.below;
            row.below = below;
            pixels upper = {from + at, channels}, lower = {from + at + input_row, channels};
            if (y >= height - 1) {
                upper = y < height ? upper : outside;
                lower = y + 1 < height ? lower : outside;
            }
            widen(upper, lower, widened, below - lane + indent);
            y += 2;
            at += (int32_t)(2 * input_row);
            if (rows_left > output_height) {
                continue; /* the first pair completes nothing */
            }
            if (rows_left == 1) {
                rows_1.down = 0;
            }
            if (rows_in_band == 1) {
                mt_run_row_stride_2(&rows_2, &row);
            } else {
                mt_run_row_stride_1(&rows_1, &row);
            }
            row.output += output_band;
        }
    }
    finish(&layer->to, output, (uint32_t)output_height * output_row);
}
