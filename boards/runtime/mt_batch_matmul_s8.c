#include "mt_kernels.h"
#include "mt_lanes.h"
#include "mt_quantise.h"
#include "mt_widen.h"

#define ONES 0x00010001u

/* A row of b in lanes, its zero point taken off, filled up with zeros; gives the sum of it. */
static int32_t widen_column(const mt_batch_matmul *layer, const int8_t *b, uint32_t *lanes)
{
    const uint32_t zero_points = mt_pack(layer->zero_point_b, layer->zero_point_b);
    const uint32_t whole = layer->depth / 4u, rest = layer->depth % 4u;
    int32_t sum = 0;
    for (uint32_t quad = 0; quad < whole; quad++, b += 4, lanes += 2) {
        const uint32_t bytes = mt_load_4(b);
        lanes[0] = mt_subtract_lanes(mt_bytes_0_2(bytes), zero_points);
        lanes[1] = mt_subtract_lanes(mt_bytes_1_3(bytes), zero_points);
        sum = mt_smlad(lanes[1], ONES, mt_smlad(lanes[0], ONES, sum));
    }
    if (rest > 0) {
        int32_t last[3] = {0, 0, 0};
        for (uint32_t i = 0; i < rest; i++) {
            last[i] = b[i] - layer->zero_point_b;
            sum += last[i];
        }
        lanes[0] = mt_pack(last[0], last[2]);
        lanes[1] = mt_pack(last[1], 0);
    }
    return sum;
}

static inline int32_t add_quad(uint32_t bytes, const uint32_t *lanes, int32_t sum)
{
    return mt_smlad(mt_bytes_1_3(bytes), lanes[1], mt_smlad(mt_bytes_0_2(bytes), lanes[0], sum));
}

/* One row of a: the sum starts from what its zero point takes off. */
static int32_t sum_row(const int8_t *a, const uint32_t *lanes, uint32_t depth, int32_t sum)
{
    for (uint32_t quad = depth / 4u; quad > 0; quad--, a += 4, lanes += 2) {
        sum = add_quad(mt_load_4(a), lanes, sum);
    }
    return depth % 4u > 0 ? add_quad(mt_last_bytes(a, depth % 4u, depth), lanes, sum) : sum;
}

/* Two rows, for which the column is loaded once. */
static void sum_two_rows(const int8_t *a, const uint32_t *lanes, uint32_t depth, int32_t sums[2])
{
    int32_t upper = sums[0], lower = sums[1];
    const int8_t *below = a + depth;
    for (uint32_t quad = depth / 4u; quad > 0; quad--, a += 4, below += 4, lanes += 2) {
        upper = add_quad(mt_load_4(a), lanes, upper);
        lower = add_quad(mt_load_4(below), lanes, lower);
    }
    if (depth % 4u > 0) {
        upper = add_quad(mt_last_bytes(a, depth % 4u, depth), lanes, upper);
        lower = add_quad(mt_last_bytes(below, depth % 4u, depth), lanes, lower);
    }
    sums[0] = upper;
    sums[1] = lower;
}

void mt_batch_matmul_s8(const mt_batch_matmul *parameters, const int8_t *a, const int8_t *b, uint32_t *lanes,
                        int8_t *output)
{
    const mt_batch_matmul layer = *parameters; /* a copy: stores through int8_t may alias the original */
    for (uint32_t column = 0; column < layer.columns; column++) {
        const int32_t start = -layer.zero_point_a * widen_column(&layer, b + column * layer.depth, lanes);
        int8_t *target = output + column;
        const int8_t *row = a;
        for (uint32_t pair = layer.rows / 2u; pair > 0; pair--, row += 2 * layer.depth) {
            int32_t sums[2] = {start, start};
            sum_two_rows(row, lanes, layer.depth, sums);
            target[0] = mt_to_output(sums[0], layer.scale, &layer.output);
            target[layer.columns] = mt_to_output(sums[1], layer.scale, &layer.output);
            target += 2 * layer.columns;
        }
        if (layer.rows % 2u > 0) {
            target[0] = mt_to_output(sum_row(row, lanes, layer.depth, start), layer.scale, &layer.output);
        }
    }
}
