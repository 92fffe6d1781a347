#include "mt_quantise_s16.h"

void mt_slopes_s16(const mt_slopes_s16_layer *layer, const int16_t *input, int16_t *output)
{
    const mt_factor factor = layer->factor, factor_below = layer->factor_below;
    const mt_range_s16 range = layer->range;
    const int32_t sign_below = layer->sign_below;
    for (uint32_t i = 0; i < layer->count; i++) {
        const int32_t above = mt_scaled(input[i], factor);
        const int32_t below = mt_scaled(sign_below * input[i], factor_below);
        const int32_t is_below = input[i] >> 15; /* all bits or none */
        output[i] = mt_clamp_s16((below & is_below) | (above & ~is_below), range);
    }
}
