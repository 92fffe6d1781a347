#include "mt_kernels.h"

void mt_dequantize_s8_f32(float scale, int32_t zero_point, uint32_t count, const int8_t *input, float *output)
{
    for (uint32_t i = 0; i < count; i++) {
        output[i] = scale * (float)(input[i] - zero_point);
    }
}
