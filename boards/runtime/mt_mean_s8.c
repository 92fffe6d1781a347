#include "mt_kernels.h"
#include "mt_quantise.h"

void mt_mean_s8(const mt_mean *layer, const int8_t *input, int8_t *output)
{
    for (uint32_t channel = 0; channel < layer->channels; channel++) {
        const int8_t *value = input + channel;
        int32_t sum = -layer->offset;
        for (uint32_t pixel = 0; pixel < layer->pixels; pixel++) {
            sum += *value;
            value += layer->channels;
        }
        output[channel] = mt_to_output(sum, layer->scale, &layer->output);
    }
}
