#include "mt_kernels.h"
#include "mt_quantise.h"

static int32_t smallest(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Copy one channel into the middle of its padded plane; the padding around it stays as it is. */
static void fill_plane(const mt_depthwise_conv2d *layer, const int8_t *input, int16_t *plane)
{
    uint32_t step = layer->input.channels;
    int32_t height = smallest(layer->input.height, layer->plane_height - layer->window.pad_top);
    int32_t width = smallest(layer->input.width, layer->plane_width - layer->window.pad_left);
    for (int32_t y = 0; y < height; y++) {
        const int8_t *from = input + (uint32_t)y * layer->input.width * step;
        int16_t *to = plane + (layer->window.pad_top + y) * layer->plane_width + layer->window.pad_left;
#pragma GCC unroll 4
        for (int32_t x = 0; x < width; x++) {
            *to++ = *from;
            from += step;
        }
    }
}

/* Rows of sums for any window. */
static void sum_rows(const mt_depthwise_conv2d *layer, const int8_t *weights, const int16_t *plane, int32_t bias,
                     uint32_t height, int32_t *sums)
{
    const mt_window *window = &layer->window;
    for (uint32_t i = 0; i < height * layer->output.width; i++) {
        uint32_t y = i / layer->output.width, x = i % layer->output.width;
        const int16_t *row = plane + y * window->stride_y * layer->plane_width + x * window->stride_x;
        const int8_t *weight = weights;
        int32_t sum = bias;
        for (uint32_t ky = 0; ky < window->height; ky++) {
            const int16_t *value = row;
            for (uint32_t kx = 0; kx < window->width; kx++) {
                sum += *value * *weight++;
                value += window->dilation_x;
            }
            row += (uint32_t)window->dilation_y * layer->plane_width;
        }
        sums[i] = sum;
    }
}

/* The stride for which a special 3x3 function exists, else 0. */
static uint32_t stride_3x3(const mt_window *window)
{
    int fits = window->height == 3 && window->width == 3 && window->stride_y == window->stride_x &&
               window->stride_y <= 2 && window->dilation_y == 1 && window->dilation_x == 1;
    return fits ? window->stride_y : 0;
}

static mt_rows_3x3 job_3x3(const int8_t *weights, const int16_t *plane, uint32_t plane_width, int32_t bias,
                           uint32_t width)
{
    mt_rows_3x3 job = {__builtin_assume_aligned(plane, 4), plane_width / 2, {0}, bias, width, 0};
    for (uint32_t i = 0; i < 3; i++, weights += 3) {
        job.lanes[i] = mt_pack(weights[0], weights[1]);
        job.lanes[3 + i] = mt_pack(weights[1], weights[2]);
    }
    return job;
}

static void convolve_channel(const mt_depthwise_conv2d *layer, uint32_t channel, const int16_t *plane, int32_t *sums,
                             int8_t *output)
{
    const mt_channels *channels = layer->channels + channel / 4;
    const mt_scale scale = mt_channel_scale(channels, channel % 4);
    const int32_t bias = channels->bias[channel % 4];
    const int8_t *weights = layer->weights + channel * layer->window.height * layer->window.width;
    const uint32_t width = layer->output.width, step = layer->output.channels;
    const uint32_t stride = stride_3x3(&layer->window);
    mt_rows_3x3 job = {0};
    if (stride > 0) {
        job = job_3x3(weights, plane, layer->plane_width, bias, width);
    }
    for (uint32_t y = 0; y < layer->output.height; y += layer->pass_height) {
        uint32_t left = layer->output.height - y;
        uint32_t height = left < layer->pass_height ? left : layer->pass_height;
        job.height = height;
        if (stride == 1) {
            mt_rows_3x3_stride_1(&job, sums);
        } else if (stride == 2) {
            mt_rows_3x3_stride_2(&job, sums);
        } else {
            sum_rows(layer, weights, plane, bias, height, sums);
        }
        mt_store_channel(sums, height * width, scale, &layer->to, output, step);
        job.row += height * stride * job.row_words;
        plane += height * layer->window.stride_y * layer->plane_width;
        output += height * width * step;
    }
}

void mt_depthwise_conv2d_s8(const mt_depthwise_conv2d *layer, const int8_t *input, uint32_t *scratch, int8_t *output)
{
    uint32_t plane_values = (uint32_t)layer->plane_height * layer->plane_width;
    int16_t *plane = (int16_t *)scratch;
    int32_t *sums = (int32_t *)(scratch + plane_values / 2);
    for (uint32_t i = 0; i < plane_values; i++) {
        plane[i] = layer->input_zero_point;
    }
    for (uint32_t channel = 0; channel < layer->output.channels; channel++) {
        if (channel % layer->multiplier == 0) {
            fill_plane(layer, input + channel / layer->multiplier, plane);
        }
        convolve_channel(layer, channel, plane, sums, output + channel);
    }
}
