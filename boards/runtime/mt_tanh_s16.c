#include "mt_sigmoid_s16.h"

/* tanh(x) = 2 * logistic(2 * x) - 1: an entry of the table is half as far as for the logistic function. */
#define BITS 8u /* of a position between two entries */

void mt_tanh_s16(const mt_sigmoid_s16_layer *layer, const int16_t *input, int16_t *output)
{
    const uint16_t *table = layer->table;
    const int32_t multiplier = layer->multiplier;
    const uint32_t right = layer->right;
    const int32_t one_half = 1 << (15 + BITS), rounding = 1 << (BITS - 1);
    for (uint32_t i = 0; i < layer->count; i++) {
        const int32_t argument = mt_sigmoid_argument(input[i], multiplier, right);
        const int32_t is_below = argument >> 31; /* all bits or none */
        const uint32_t magnitude = (uint32_t)((argument ^ is_below) - is_below);
        const int32_t value = (int32_t)mt_sigmoid_line(table, magnitude, BITS, 0xffffu << BITS);
        const int32_t above = value - one_half + rounding, below = one_half - value + rounding - 1;
        output[i] = (int16_t)(((below & is_below) | (above & ~is_below)) >> BITS);
    }
}
