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

/* One output pixel: the mean of a block of `height` x `width` pixels that all lie inside the input. */
static void average(const mt_pool *layer, const int8_t *block, uint32_t height, uint32_t width, int8_t *output)
{
    uint32_t channels = layer->input.channels;
    uint32_t reciprocal = reciprocal_of(height * width);
    const uint32_t left_over = ((uint32_t)layer->input.width - width) * channels;
    uint32_t channel = 0;
    for (; channel + 4 <= channels; channel += 4) { /* four in a word */
        const int8_t *pixel = block + channel;
        int32_t sums[4] = {0, 0, 0, 0};
        for (uint32_t y = 0; y < height; y++, pixel += left_over) {
            for (uint32_t x = 0; x < width; x++, pixel += channels) {
                const uint32_t four = mt_load_4(pixel);
                sums[0] += (int8_t)four;
                sums[1] += (int8_t)(four >> 8);
                sums[2] += (int8_t)(four >> 16);
                sums[3] += (int32_t)four >> 24;
            }
        }
        for (uint32_t i = 0; i < 4; i++) {
            output[channel + i] =
                (int8_t)mt_clamp(divide(sums[i], height * width, reciprocal), layer->lowest, layer->highest);
        }
    }
    for (; channel < channels; channel++) {
        const int8_t *pixel = block + channel;
        int32_t sum = 0;
        for (uint32_t y = 0; y < height; y++, pixel += left_over) {
            for (uint32_t x = 0; x < width; x++, pixel += channels) {
                sum += *pixel;
            }
        }
        output[channel] = (int8_t)mt_clamp(divide(sum, height * width, reciprocal), layer->lowest, layer->highest);
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
