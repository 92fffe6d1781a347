#include "mt_kernels.h"

void mt_lookup_s8(const int8_t *table, uint32_t count, const int8_t *input, int8_t *output)
{
    for (uint32_t i = 0; i < count; i++) {
        output[i] = table[input[i] + 128];
    }
}
