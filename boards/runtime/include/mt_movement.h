/*
 * Bytes moved, no arithmetic: slices, concatenations, transposes, paddings and all that is made of them.
 *
 * The tensors may hold any type: extents count blocks, steps count bytes. Which instructions run depends on the
 * constants of the call only. Input and output must not overlap.
 */
#ifndef MT_MOVEMENT_H
#define MT_MOVEMENT_H

#include <stdint.h>

#define MT_COPY_AXES 5

/*
 * Copy blocks of `block_bytes` from one regular grid to another. Axes are outermost first, those that are not needed
 * have extent 1. A step is the distance in bytes from one block to the next along an axis: negative to go backwards,
 * 0 in the input to repeat.
 */
typedef struct {
    uint32_t extents[MT_COPY_AXES];
    int32_t input_steps[MT_COPY_AXES];
    int32_t output_steps[MT_COPY_AXES];
    uint32_t block_bytes;
} mt_copy;

void mt_copy_strided(const mt_copy *layer, const int8_t *input, int8_t *output);

/* Copy `rows` contiguous rows of `row_bytes` to rows that begin `output_step` bytes apart. */
void mt_copy_rows(uint32_t rows, uint32_t row_bytes, uint32_t output_step, const int8_t *input, int8_t *output);

/* Copy `count` rows of `row_bytes`: row i of the output is row indices[i] of the input. */
void mt_gather_rows(const uint16_t *indices, uint32_t count, uint32_t row_bytes, const int8_t *input, int8_t *output);

/* Set `count` bytes to `value`. */
void mt_fill_s8(int8_t value, uint32_t count, int8_t *output);

#endif
