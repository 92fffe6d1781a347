#include "mt_sigmoid_s16.h"

void mt_logistic_s16(const mt_sigmoid_s16_layer *layer, const int16_t *input, int16_t *output)
{
    const uint16_t *table = layer->table;
    const int32_t multiplier = layer->multiplier;
    const uint32_t right = layer->right;
    for (uint32_t i = 0; i < layer->count; i++) {
        output[i] = mt_logistic_value(table, mt_sigmoid_argument(input[i], multiplier, right));
    }
}
