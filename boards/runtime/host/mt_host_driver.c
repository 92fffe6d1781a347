/*
 * Runs a network over many samples on the host: inputs[i] and outputs[o] hold one sample after the other. Each sample
 * starts from the initial state, or only the first one where they are a stream.
 */
#include "mt_model.h"

#include <string.h>

__attribute__((visibility("default")))
void mt_host_run(uint32_t samples, uint32_t is_stream, const char *const *inputs, char *const *outputs)
{
    const mt_model *model = &mt_model_instance;
    for (uint32_t sample = 0; sample < samples; sample++) {
        if (sample == 0 || !is_stream) {
            mt_model_reset(model);
        }
        for (uint32_t i = 0; i < model->input_count; i++) {
            size_t size = model->inputs[i].size_bytes;
            memcpy(model->inputs[i].data, inputs[i] + sample * size, size);
        }
        mt_model_run(model);
        for (uint32_t o = 0; o < model->output_count; o++) {
            size_t size = model->outputs[o].size_bytes;
            memcpy(outputs[o] + sample * size, model->outputs[o].data, size);
        }
    }
}
