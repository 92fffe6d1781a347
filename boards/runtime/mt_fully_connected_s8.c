#include "mt_kernels.h"

void mt_fully_connected_s8(const mt_fully_connected *layer, const int8_t *input, uint32_t *scratch, int8_t *output)
{
    mt_widen_s8(input, layer->depth, scratch);
    mt_matmul_1_column_s8(&layer->matrix, scratch, output);
}
