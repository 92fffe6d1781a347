#include "mt_kernels.h"

#include <string.h>

void mt_fill_s8(int8_t value, uint32_t count, int8_t *output)
{
    memset(output, value, count);
}
