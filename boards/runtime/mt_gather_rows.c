#include "mt_kernels.h"

#include <string.h>

void mt_gather_rows(const uint16_t *indices, uint32_t count, uint32_t row_bytes, const int8_t *input, int8_t *output)
{
    for (uint32_t i = 0; i < count; i++) {
        memcpy(output, input + indices[i] * row_bytes, row_bytes);
        output += row_bytes;
    }
}
