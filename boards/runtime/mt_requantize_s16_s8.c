#include "mt_quantise_s16.h"

void mt_requantize_s16_s8(mt_factor factor, int32_t zero_point, uint32_t count, const int16_t *input, int8_t *output)
{
    const mt_range_s16 range = {INT8_MIN, INT8_MAX};
    for (uint32_t i = 0; i < count; i++) {
        output[i] = (int8_t)mt_clamp_s16(mt_scaled(input[i], factor) + zero_point, range);
    }
}
