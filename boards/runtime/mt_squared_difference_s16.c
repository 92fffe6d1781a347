#include "mt_quantise_s16.h"

void mt_squared_difference_s16(const mt_squared_difference_s16_layer *layer, const int16_t *a, const int16_t *b,
                               int16_t *output)
{
    const mt_factor factor_a = layer->factor_a, factor_b = layer->factor_b, factor = layer->factor;
    const mt_range_s16 range = layer->range;
    const uint32_t count = layer->count, period = layer->period;
    for (uint32_t done = 0; done < count; done += period) {
        for (uint32_t i = 0; i < period; i++) {
            const int32_t difference = mt_scaled(a[i], factor_a) - mt_scaled(b[i], factor_b);
            output[i] = mt_clamp_s16(mt_scaled(difference * difference, factor), range);
        }
        a += period;
        output += period;
    }
}
