#include "mt_kernels.h"

void mt_reduce_max_s8(uint32_t count, uint32_t inner, const int8_t *input, int8_t *output)
{
    for (uint32_t position = 0; position < inner; position++) {
        const int8_t *value = input + position;
        int32_t found = -128;
        for (uint32_t i = 0; i < count; i++) {
            found = *value > found ? *value : found;
            value += inner;
        }
        output[position] = (int8_t)found;
    }
}
