#include "mt_kernels.h"

#include <string.h>

void mt_copy_rows(uint32_t rows, uint32_t row_bytes, uint32_t output_step, const int8_t *input, int8_t *output)
{
    for (; rows > 0; rows--) {
        memcpy(output, input, row_bytes);
        input += row_bytes;
        output += output_step;
    }
}
