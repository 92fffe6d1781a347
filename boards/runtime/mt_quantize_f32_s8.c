#include "mt_kernels.h"
#include "mt_quantise.h"

void mt_quantize_f32_s8(float scale, int32_t zero_point, uint32_t count, const float *input, int8_t *output)
{
    for (uint32_t i = 0; i < count; i++) {
        float real = input[i] / scale;
        real = real < -512.0f ? -512.0f : real; /* far beyond int8: keeps the conversion defined */
        real = real > 512.0f ? 512.0f : real;
        int32_t whole = (int32_t)real;
        float rest = real - (float)whole; /* exact, unlike adding a half */
        whole += (rest >= 0.5f) - (rest <= -0.5f);
        output[i] = (int8_t)mt_clamp(whole + zero_point, -128, 127);
    }
}
