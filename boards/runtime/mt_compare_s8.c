#include "mt_kernels.h"
#include "mt_quantise.h"

void mt_compare_s8(const mt_compare *parameters, const int8_t *a, const int8_t *b, int8_t *output)
{
    const mt_compare layer = *parameters; /* a copy: stores through int8_t may alias the original */
    for (uint32_t done = 0; done < layer.count; done += layer.period) {
        for (uint32_t i = 0; i < layer.period; i++) {
            int32_t difference = mt_requantise(a[i] - layer.zero_point_a, layer.scale_a) -
                                 mt_requantise(b[i] - layer.zero_point_b, layer.scale_b);
            uint32_t is_less = (uint32_t)difference >> 31;
            uint32_t is_greater = (uint32_t)-difference >> 31;
            output[i] = (int8_t)(layer.holds >> (1 + is_greater - is_less) & 1);
        }
        a += layer.period;
        output += layer.period;
    }
}
