#include "mt_pool_s16.h"
#include "mt_quantise_s16.h"

/*
 * Quotient rounded half away from zero, without branches, for sums of up to 4,096 int16 values. The reciprocal is
 * 2^31 / count rounded up: the product with it gives the quotient, or one too much.
 */
static inline int32_t divide(int32_t sum, uint32_t count, uint32_t reciprocal)
{
    const int32_t sign = sum >> 31;
    const uint32_t magnitude = (uint32_t)((sum ^ sign) - sign) + count / 2;
    uint32_t quotient = (uint32_t)(((uint64_t)magnitude * reciprocal) >> 31);
    quotient -= quotient * count > magnitude;
    return ((int32_t)quotient ^ sign) - sign;
}

static void average(const mt_pool *layer, mt_block_s16 block, int16_t *output)
{
    const uint32_t channels = layer->input.channels, count = block.height * block.width;
    const uint32_t reciprocal = (0x80000000u + count - 1) / count;
    const mt_range_s16 range = {layer->lowest, layer->highest};
    for (uint32_t channel = 0; channel < channels; channel++) {
        const int16_t *row = block.values + channel;
        int32_t sum = 0;
        for (uint32_t y = 0; y < block.height; y++) {
            for (uint32_t x = 0; x < block.width; x++) {
                sum += row[x * channels];
            }
            row += (uint32_t)layer->input.width * channels;
        }
        output[channel] = mt_clamp_s16(divide(sum, count, reciprocal), range);
    }
}

void mt_average_pool_s16(const mt_pool *layer, const int16_t *input, int16_t *output)
{
    for (int32_t y = 0; y < layer->output.height; y++) {
        for (int32_t x = 0; x < layer->output.width; x++) {
            average(layer, mt_block_at(layer, input, y, x), output);
            output += layer->output.channels;
        }
    }
}
