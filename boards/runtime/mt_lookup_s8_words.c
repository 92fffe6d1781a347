#include "mt_kernels.h"

void mt_lookup_s8_words(const uint32_t *table, uint32_t count, const int8_t *input, uint32_t *output)
{
    for (uint32_t i = 0; i < count; i++) {
        output[i] = table[input[i] + 128];
    }
}
