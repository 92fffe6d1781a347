#include "mt_quantise_s16.h"

void mt_requantize_s8_s16(mt_factor factor, int32_t zero_point, uint32_t count, const int8_t *input, int16_t *output)
{
    const mt_range_s16 range = {INT16_MIN, INT16_MAX};
    for (uint32_t i = 0; i < count; i++) {
        output[i] = mt_clamp_s16(mt_scaled(input[i] - zero_point, factor), range);
    }
}
