#include "mt_kernels.h"

void mt_select_s8(const mt_select *parameters, const int8_t *condition, const int8_t *a, const int8_t *b,
                  int8_t *output)
{
    const mt_select layer = *parameters; /* a copy: stores through int8_t may alias the original */
    for (uint32_t i = 0; i < layer.count; i++) {
        int32_t mask = -(int32_t)(*condition != 0);
        output[i] = (int8_t)((*a & mask) | (*b & ~mask));
        condition += layer.condition_step;
        a += layer.a_step;
        b += layer.b_step;
    }
}
