#include "mt_quantise_s16.h"

void mt_mean_s16(const mt_mean_s16_layer *layer, const int16_t *input, int16_t *output)
{
    const mt_range_s16 range = {INT16_MIN, INT16_MAX};
    for (uint32_t channel = 0; channel < layer->channels; channel++) {
        const int16_t *value = input + channel;
        int32_t sum = 0;
        for (uint32_t pixel = 0; pixel < layer->pixels; pixel++) {
            sum += *value;
            value += layer->channels;
        }
        output[channel] = mt_clamp_s16(mt_scaled(sum, layer->factor), range);
    }
}
