#include "mt_kernels.h"

#define ONE 1024

/* Divided by 2^20, rounded half away from zero, except that zero and below get the same half. */
static inline int32_t round_20(int64_t value)
{
    int64_t sign = (value - 1) >> 63; /* all bits where value <= 0 */
    int64_t magnitude = (value ^ sign) - sign;
    int32_t quotient = (int32_t)((magnitude + (1 << 19)) >> 20);
    return (quotient ^ (int32_t)sign) - (int32_t)sign;
}

void mt_resize_bilinear_s8(const mt_resize *layer, const mt_between *rows, const mt_between *columns,
                           const int8_t *input, int8_t *output)
{
    const uint32_t channels = layer->channels, row_bytes = layer->input_width * channels;
    for (uint32_t y = 0; y < layer->height; y++) {
        const int8_t *upper_row = input + rows[y].lower * row_bytes, *lower_row = input + rows[y].upper * row_bytes;
        for (uint32_t x = 0; x < layer->width; x++) {
            const uint32_t left = columns[x].lower * channels, right = columns[x].upper * channels;
            const int64_t down = rows[y].weight, across = columns[x].weight;
            for (uint32_t c = 0; c < channels; c++) {
                int64_t top = upper_row[left + c] * (ONE - across) + upper_row[right + c] * across;
                int64_t bottom = lower_row[left + c] * (ONE - across) + lower_row[right + c] * across;
                *output++ = (int8_t)round_20(top * (ONE - down) + bottom * down);
            }
        }
    }
}
