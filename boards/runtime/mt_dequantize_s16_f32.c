#include "mt_kernels_s16.h"

void mt_dequantize_s16_f32(float scale, uint32_t count, const int16_t *input, float *output)
{
    for (uint32_t i = 0; i < count; i++) {
        output[i] = scale * (float)input[i];
    }
}
