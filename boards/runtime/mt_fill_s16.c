#include "mt_kernels_s16.h"

void mt_fill_s16(int16_t value, uint32_t count, int16_t *output)
{
    for (uint32_t i = 0; i < count; i++) {
        output[i] = value;
    }
}
