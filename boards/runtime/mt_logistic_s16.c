#include "mt_sigmoid_s16.h"

#define BITS 9u /* of a position between two entries */

void mt_logistic_s16(const mt_sigmoid_s16_layer *layer, const int16_t *input, int16_t *output)
{
    const uint16_t *table = layer->table;
    const int32_t multiplier = layer->multiplier;
    const uint32_t right = layer->right, half = 1u << BITS;
    for (uint32_t i = 0; i < layer->count; i++) {
        const int32_t argument = mt_sigmoid_argument(input[i], multiplier, right);
        const uint32_t is_below = (uint32_t)(argument >> 31); /* all bits or none */
        const uint32_t magnitude = ((uint32_t)argument ^ is_below) - is_below;
        const uint32_t value = mt_sigmoid_line(table, magnitude, BITS, 0x7fffu << (BITS + 1));
        const uint32_t above = value + half, below = (1u << (16 + BITS)) - value + half - 1;
        output[i] = (int16_t)(((below & is_below) | (above & ~is_below)) >> (BITS + 1));
    }
}
