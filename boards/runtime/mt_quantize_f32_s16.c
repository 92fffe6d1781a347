#include "mt_quantise_s16.h"

void mt_quantize_f32_s16(float scale, uint32_t count, const float *input, int16_t *output)
{
    const mt_range_s16 range = {INT16_MIN, INT16_MAX};
    for (uint32_t i = 0; i < count; i++) {
        float real = input[i] / scale;
        real = real < -65536.0f ? -65536.0f : real; /* far beyond int16: keeps the conversion defined */
        real = real > 65536.0f ? 65536.0f : real;
        int32_t whole = (int32_t)real;
        float rest = real - (float)whole; /* exact, unlike adding a half */
        whole += (rest >= 0.5f) - (rest <= -0.5f);
        output[i] = mt_clamp_s16(whole, range);
    }
}
