#include "mt_kernels.h"

void mt_minimum_s8(const mt_repeat *parameters, const int8_t *a, const int8_t *b, int8_t *output)
{
    const mt_repeat layer = *parameters; /* a copy: stores through int8_t may alias the original */
    for (uint32_t done = 0; done < layer.count; done += layer.period) {
        for (uint32_t i = 0; i < layer.period; i++) {
            output[i] = a[i] < b[i] ? a[i] : b[i];
        }
        a += layer.period;
        output += layer.period;
    }
}
