#include "mt_kernels.h"
#include "mt_quantise.h"

/* 2^31 / count rounded up: sum * reciprocal >> 31 is the exact quotient for the sums of up to 4,096 int8
 * values. */
static inline uint32_t reciprocal_of(uint32_t count)
{
    return (0x80000000u + count - 1) / count;
}

/* Quotient rounded half away from zero, without branches. */
static inline int32_t divide(int32_t sum, uint32_t count, uint32_t reciprocal)
{
    int32_t sign = sum >> 31;
    uint32_t magnitude = (uint32_t)((sum ^ sign) - sign) + count / 2;
    int32_t quotient = (int32_t)(((uint64_t)magnitude * reciprocal) >> 31);
    return (quotient ^ sign) - sign;
}

/* Sums of four channels, which lie in a word of each pixel, or of the first of them alone. */
static inline void add_up(const mt_pool *layer, const int8_t *pixel, uint32_t height, uint32_t width, uint32_t count,
                          int32_t *sums)
{
    const uint32_t channels = layer->input.channels, left_over = ((uint32_t)layer->input.width - width) * channels;
    int32_t a = 0, b = 0, c = 0, d = 0;
    for (; height > 0; height--, pixel += left_over) {
        if (count == 1) {
            for (uint32_t left = width; left > 0; left--, pixel += channels) {
                a += *pixel;
            }
            continue;
        }
        for (uint32_t left = width; left > 0; left--, pixel += channels) {
            const uint32_t four = mt_load_4(pixel);
            a += (int8_t)four;
            b += (int8_t)(four >> 8);
            c += (int8_t)(four >> 16);
            d += (int32_t)four >> 24;
        }
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
}

/* One output pixel: the mean of a block of `height` x `width` pixels that all lie inside the input. */
static void average(const mt_pool *layer, const int8_t *block, uint32_t height, uint32_t width, int8_t *output)
{
    const uint32_t pixels = height * width, reciprocal = reciprocal_of(pixels);
    const int8_t *const end = output + layer->input.channels;
    while (output != end) {
        const uint32_t count = end - output < 4 ? 1 : 4;
        int32_t sums[4];
        add_up(layer, block, height, width, count, sums);
        block += count;
#pragma GCC unroll 1
        for (uint32_t i = 0; i < count; i++) {
            *output++ = (int8_t)mt_clamp(divide(sums[i], pixels, reciprocal), layer->lowest, layer->highest);
        }
    }
}

void mt_average_pool_s8(const mt_pool *layer, const int8_t *input, int8_t *output)
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
            average(layer, block, (uint32_t)(end_y - first_y), (uint32_t)(end_x - first_x), output);
            output += layer->output.channels;
        }
    }
}
