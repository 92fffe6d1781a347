#include "mt_kernels_s16.h"

void mt_maximum_s16(const mt_repeat *layer, const int16_t *a, const int16_t *b, int16_t *output)
{
    const uint32_t count = layer->count, period = layer->period;
    for (uint32_t done = 0; done < count; done += period) {
        for (uint32_t i = 0; i < period; i++) {
            output[i] = a[i] > b[i] ? a[i] : b[i];
        }
        a += period;
        output += period;
    }
}
