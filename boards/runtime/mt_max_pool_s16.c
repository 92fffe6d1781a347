#include "mt_pool_s16.h"
#include "mt_quantise_s16.h"

static void largest(const mt_pool *layer, mt_block_s16 block, int16_t *output)
{
    const uint32_t channels = layer->input.channels;
    const mt_range_s16 range = {layer->lowest, layer->highest};
    for (uint32_t channel = 0; channel < channels; channel++) {
        const int16_t *row = block.values + channel;
        int32_t found = INT16_MIN;
        for (uint32_t y = 0; y < block.height; y++) {
            for (uint32_t x = 0; x < block.width; x++) {
                const int32_t value = row[x * channels];
                found = value > found ? value : found;
            }
            row += (uint32_t)layer->input.width * channels;
        }
        output[channel] = mt_clamp_s16(found, range);
    }
}

void mt_max_pool_s16(const mt_pool *layer, const int16_t *input, int16_t *output)
{
    for (int32_t y = 0; y < layer->output.height; y++) {
        for (int32_t x = 0; x < layer->output.width; x++) {
            largest(layer, mt_block_at(layer, input, y, x), output);
            output += layer->output.channels;
        }
    }
}
