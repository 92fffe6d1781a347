#include "mt_quantise_s16.h"

void mt_prelu_s16(const mt_prelu_s16_layer *layer, const int16_t *a, const int8_t *b, int16_t *output)
{
    const mt_factor factor = layer->factor, factor_below = layer->factor_below;
    const mt_range_s16 range = {INT16_MIN, INT16_MAX};
    const int32_t zero_point_b = layer->zero_point_b;
    const uint32_t count = layer->count, period = layer->period;
    for (uint32_t done = 0; done < count; done += period) {
        for (uint32_t i = 0; i < period; i++) {
            const int32_t above = mt_scaled(a[i], factor);
            const int32_t below = mt_scaled(a[i] * (b[i] - zero_point_b), factor_below);
            const int32_t is_below = a[i] >> 15; /* all bits or none */
            output[i] = mt_clamp_s16((below & is_below) | (above & ~is_below), range);
        }
        a += period;
        output += period;
    }
}
