#include "mt_kernels.h"
#include "mt_quantise.h"

void mt_sub_s8(const mt_sub *parameters, const int8_t *a, const int8_t *b, int8_t *output)
{
    const mt_sub layer = *parameters; /* a copy: stores through int8_t may alias the original */
    for (uint32_t done = 0; done < layer.count; done += layer.period) {
        for (uint32_t i = 0; i < layer.period; i++) {
            int32_t difference = mt_requantise(a[i] - layer.zero_point_a, layer.scale_a) -
                                 mt_requantise(b[i] - layer.zero_point_b, layer.scale_b);
            output[i] = mt_to_output(difference * layer.sign, layer.scale, &layer.output);
        }
        a += layer.period;
        output += layer.period;
    }
}
