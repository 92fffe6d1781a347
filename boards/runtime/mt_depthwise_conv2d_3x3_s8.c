#include "mt_kernels.h"
#include "mt_quantise.h"

/* What one channel's strips have in common. */
static void prepare(const mt_depthwise_conv2d *layer, uint32_t channel, mt_strip_3x3 *job)
{
    const mt_channels *group = layer->channels + channel / 4;
    const int8_t *weights = layer->weights + 9 * channel;
    job->bias = group->bias[channel % 4];
    job->multiplier = group->multipliers[channel % 4];
    job->left = group->shifts[channel % 4].left;
    job->right = group->shifts[channel % 4].right;
    job->addend = layer->to.offset << job->right >> 1;
    for (uint32_t i = 0; i < 3; i++, weights += 3) {
        job->first[i] = mt_pack(weights[0], weights[1]);
        job->last[i] = mt_pack(weights[1], weights[2]);
    }
}

/* Stride 1: two output columns a strip; of an odd one at the end the second is dropped. */
static void convolve_stride_1(const mt_depthwise_conv2d *layer, mt_strip_3x3 *job, const uint32_t *plane,
                              int8_t *output)
{
    const uint32_t channels = layer->output.channels, height = layer->plane.height;
    job->step = layer->output.width * channels;
    for (int32_t left = layer->output.width; left > 0; left -= 2) {
        job->strip = plane;
        job->next = plane + height;
        job->end = plane + layer->output.height;
        job->output = output;
        job->distance = left > 1 ? channels : 0;
        mt_strip_3x3_stride_1(job);
        plane += height;
        output += 2 * channels;
    }
}

/* Stride 2: one output column a strip, two rows at a time; of an odd one at the end the second is dropped. */
static void convolve_stride_2(const mt_depthwise_conv2d *layer, mt_strip_3x3 *job, const uint32_t *plane,
                              int8_t *output)
{
    const uint32_t channels = layer->output.channels, height = layer->plane.height;
    const uint32_t row = layer->output.width * channels, pairs = layer->output.height / 2u;
    job->step = 2 * row;
    for (uint32_t left = layer->output.width; left > 0; left--) {
        job->strip = plane;
        job->next = plane + height;
        job->end = plane + 4 * pairs;
        job->output = output;
        job->distance = row;
        if (pairs > 0) {
            mt_strip_3x3_stride_2(job);
        }
        if (layer->output.height % 2 != 0) {
            job->strip += 4 * pairs;
            job->next += 4 * pairs;
            job->end = job->strip + 4;
            job->output += pairs * job->step;
            job->distance = 0;
            mt_strip_3x3_stride_2(job);
        }
        plane += height;
        output += channels;
    }
}

void mt_depthwise_conv2d_3x3_s8(const mt_depthwise_conv2d *layer, const int8_t *input, uint32_t *scratch,
                                int8_t *output)
{
    const uint32_t words = layer->plane.height * (layer->plane.width / 2u);
    const uint32_t padding = mt_pack(layer->input_zero_point, layer->input_zero_point);
    mt_strip_3x3 job = {.excess = layer->to.excess, .lowest = layer->to.lowest};
    for (uint32_t i = 0; i < words; i++) {
        scratch[i] = padding;
    }
    for (uint32_t channel = 0; channel < layer->output.channels; channel++) {
        if (channel % layer->multiplier == 0) {
            mt_fill_plane_s8(layer, input + channel / layer->multiplier, (int16_t *)scratch);
        }
        prepare(layer, channel, &job);
        if (layer->window.stride_x == 1) {
            convolve_stride_1(layer, &job, scratch, output + channel);
        } else {
            convolve_stride_2(layer, &job, scratch, output + channel);
        }
    }
}
