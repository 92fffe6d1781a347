#include "mt_kernels.h"

#include <string.h>

#define LAST (MT_COPY_AXES - 1)

/* The innermost axis. */
static void copy_run(const mt_copy *layer, const int8_t *input, int8_t *output)
{
    const int32_t input_step = layer->input_steps[LAST], output_step = layer->output_steps[LAST];
    const uint32_t block_bytes = layer->block_bytes;
    for (uint32_t left = layer->extents[LAST]; left > 0; left--) {
        if (block_bytes == 1) {
            *output = *input;
        } else {
            memcpy(output, input, block_bytes);
        }
        input += input_step;
        output += output_step;
    }
}

void mt_copy_strided(const mt_copy *layer, const int8_t *input, int8_t *output)
{
    uint32_t done[LAST] = {0};
    int32_t from = 0, to = 0; /* offsets: pointers would leave their arrays on the way */
    int32_t axis = LAST;
    while (axis >= 0) {
        copy_run(layer, input + from, output + to);
        for (axis = LAST - 1; axis >= 0; axis--) {
            from += layer->input_steps[axis];
            to += layer->output_steps[axis];
            if (++done[axis] < layer->extents[axis]) {
                break;
            }
            from -= layer->input_steps[axis] * (int32_t)layer->extents[axis];
            to -= layer->output_steps[axis] * (int32_t)layer->extents[axis];
            done[axis] = 0;
        }
    }
}
