#include "mt_kernels.h"
#include "mt_quantise.h"

void mt_clamp_s8(uint32_t count, int32_t lowest, int32_t highest, int8_t *values)
{
    for (uint32_t i = 0; i < count; i++) {
        values[i] = (int8_t)mt_clamp(values[i], lowest, highest);
    }
}
