#include "mt_kernels.h"

void mt_arg_max_s8(int32_t sign, uint32_t count, uint32_t inner, const int8_t *input, int32_t *output)
{
    for (uint32_t position = 0; position < inner; position++) {
        const int8_t *value = input + position;
        int32_t largest = -129, where = 0;
        for (uint32_t i = 0; i < count; i++) {
            int32_t candidate = sign * *value;
            int32_t is_larger = (largest - candidate) >> 31; /* all bits or none */
            largest += (candidate - largest) & is_larger;
            where += ((int32_t)i - where) & is_larger;
            value += inner;
        }
        output[position] = where;
    }
}
