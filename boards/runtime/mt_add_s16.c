#include "mt_quantise_s16.h"

void mt_add_s16(const mt_add_s16_layer *layer, const int16_t *a, const int16_t *b, int16_t *output)
{
    const mt_factor factor_a = layer->factor_a, factor_b = layer->factor_b, factor = layer->factor;
    const mt_range_s16 range = layer->range;
    const int32_t sign_a = layer->sign_a, sign_b = layer->sign_b;
    const uint32_t count = layer->count, period = layer->period;
    for (uint32_t done = 0; done < count; done += period) {
        for (uint32_t i = 0; i < period; i++) {
            const int32_t sum = sign_a * mt_scaled(a[i], factor_a) + sign_b * mt_scaled(b[i], factor_b);
            output[i] = mt_clamp_s16(mt_scaled(sum, factor), range);
        }
        a += period;
        output += period;
    }
}
