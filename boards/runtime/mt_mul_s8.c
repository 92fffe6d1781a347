#include "mt_kernels.h"
#include "mt_quantise.h"

void mt_mul_s8(const mt_mul *parameters, const int8_t *a, const int8_t *b, int8_t *output)
{
    const mt_mul layer = *parameters; /* a copy: stores through int8_t may alias the original */
    for (uint32_t done = 0; done < layer.count; done += layer.period) {
        for (uint32_t i = 0; i < layer.period; i++) {
            int32_t product = (a[i] - layer.zero_point_a) * (b[i] - layer.zero_point_b);
            output[i] = mt_to_output(product, layer.scale, &layer.output);
        }
        a += layer.period;
        output += layer.period;
    }
}
