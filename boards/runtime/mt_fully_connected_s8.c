#include "mt_kernels.h"

void mt_fully_connected_s8(const mt_fully_connected *layer, const int8_t *input, uint32_t *scratch, int8_t *output)
{
    for (uint32_t batch = 0; batch < layer->batches; batch++) {
        mt_widen_s8(input + batch * layer->depth, layer->depth, 1, scratch);
        mt_matmul_1_column_s8(&layer->matrix, scratch, output + batch * layer->matrix.rows);
    }
}
