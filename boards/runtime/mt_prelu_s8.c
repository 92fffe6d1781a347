#include "mt_kernels.h"
#include "mt_quantise.h"

void mt_prelu_s8(const mt_prelu *parameters, const int8_t *a, const int8_t *b, int8_t *output)
{
    const mt_prelu layer = *parameters; /* a copy: stores through int8_t may alias the original */
    for (uint32_t done = 0; done < layer.count; done += layer.period) {
        for (uint32_t i = 0; i < layer.period; i++) {
            int32_t value = a[i] - layer.zero_point_a;
            int32_t above = mt_requantise(value, layer.scale);
            int32_t below = mt_requantise(value * (b[i] - layer.zero_point_b), layer.scale_below);
            int32_t is_below = value >> 31; /* all bits or none */
            int32_t chosen = (below & is_below) | (above & ~is_below);
            output[i] = (int8_t)mt_clamp(chosen + layer.output.zero_point, layer.output.lowest, layer.output.highest);
        }
        a += layer.period;
        output += layer.period;
    }
}
