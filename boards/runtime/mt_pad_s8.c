#include "mt_kernels.h"

#include <string.h>

void mt_pad_s8(const mt_pad *layer, const int8_t *input, int8_t *output)
{
    uint32_t channels = layer->output.channels;
    memset(output, layer->value, (uint32_t)layer->output.height * layer->output.width * channels);
    output += ((uint32_t)layer->before_height * layer->output.width + layer->before_width) * channels;
    output += layer->before_channels;
    for (uint32_t y = 0; y < layer->input.height; y++) {
        mt_copy_rows(layer->input.width, layer->input.channels, channels, input, output);
        input += (uint32_t)layer->input.width * layer->input.channels;
        output += layer->output.width * channels;
    }
}
