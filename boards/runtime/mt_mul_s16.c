#include "mt_quantise_s16.h"

void mt_mul_s16(const mt_mul_s16_layer *layer, const int16_t *a, const int16_t *b, int16_t *output)
{
    const mt_factor factor = layer->factor;
    const mt_range_s16 range = layer->range;
    const uint32_t count = layer->count, period = layer->period;
    for (uint32_t done = 0; done < count; done += period) {
        for (uint32_t i = 0; i < period; i++) {
            output[i] = mt_clamp_s16(mt_scaled(a[i] * b[i], factor), range);
        }
        a += period;
        output += period;
    }
}
