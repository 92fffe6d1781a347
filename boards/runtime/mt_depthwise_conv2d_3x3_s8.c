#include "mt_kernels.h"
#include "mt_quantise.h"
#include "mt_strip_3x3_stride_1.h"
#include "mt_strip_3x3_stride_2.h"

/* What one channel's strips have in common. */
static void prepare(const mt_depthwise_conv2d *layer, uint32_t channel, mt_strip *job)
{
    const mt_channels *group = layer->channels + channel / 4;
    const int8_t *weights = layer->weights + 9 * channel;
    job->bias = group->bias[channel % 4];
    job->multiplier = group->multipliers[channel % 4];
    job->left = group->shifts[channel % 4].left;
    job->right = group->shifts[channel % 4].right;
    job->addend = (int32_t)(layer->to.offset << job->right >> 1);
    for (uint32_t i = 0; i < 3; i++, weights += 3) {
        job->first[i] = mt_pack(weights[0], weights[1]);
        job->last[i] = mt_pack(weights[1], weights[2]);
    }
}

/*
 * All strips of a channel. A turn of the kernel takes two output rows, and at stride 1 two output columns; what an odd
 * row or column at the end has no neighbour for is dropped.
 */
static inline __attribute__((always_inline)) void convolve(const mt_depthwise_conv2d *layer, uint32_t stride,
                                                           mt_strip *job, const uint32_t *plane, int8_t *output)
{
    const uint32_t channels = layer->output.channels, columns = stride == 1 ? 2 : 1, turn = 2 * stride;
    const uint32_t turns = layer->output.height / 2u, odd = layer->output.height % 2u;
    const uint32_t row = layer->output.width * channels;
    job->gap = 4u * layer->plane.height;
    for (int32_t left = layer->output.width; left > 0; left -= (int32_t)columns) {
        job->strip = plane;
        job->output = output;
        job->across = left > 1 ? channels : 0;
        job->down = row;
        job->end = plane + turns * turn;
        for (uint32_t part = turns == 0; part < 1 + odd; part++) {
            if (part > 0) {
                job->down = 0;
                job->end += turn;
            }
            if (stride == 1) {
                mt_run_strip_stride_1(job);
            } else {
                mt_run_strip_stride_2(job);
            }
        }
        plane += layer->plane.height;
        output += columns * channels;
    }
}

static __attribute__((noinline)) void convolve_stride_1(const mt_depthwise_conv2d *layer, uint32_t channel,
                                                        const uint32_t *plane, int8_t *output)
{
    mt_strip job; /* every field is set, here or in `convolve`; clearing them first would cost as much again */
    job.to = layer->to;
    prepare(layer, channel, &job);
    convolve(layer, 1, &job, plane, output);
}

static __attribute__((noinline)) void convolve_stride_2(const mt_depthwise_conv2d *layer, uint32_t channel,
                                                        const uint32_t *plane, int8_t *output)
{
    mt_strip job; /* every field is set, here or in `convolve`; clearing them first would cost as much again */
    job.to = layer->to;
    prepare(layer, channel, &job);
    convolve(layer, 2, &job, plane, output);
}

void mt_depthwise_conv2d_3x3_s8(const mt_depthwise_conv2d *layer, const int8_t *input, uint32_t *scratch,
                                int8_t *output)
{
    const uint32_t words = layer->plane.height * (layer->plane.width / 2u);
    const uint32_t padding = mt_pack(layer->input_zero_point, layer->input_zero_point);
    for (uint32_t i = 0; i < words; i++) {
        scratch[i] = padding;
    }
    for (uint32_t channel = 0; channel < layer->output.channels; channel++) {
        if (channel % layer->multiplier == 0) {
            mt_fill_plane_s8(layer, input + channel / layer->multiplier, (int16_t *)scratch);
        }
        if (layer->window.stride_x == 1) {
            convolve_stride_1(layer, channel, scratch, output + channel);
        } else {
            convolve_stride_2(layer, channel, scratch, output + channel);
        }
    }
}
