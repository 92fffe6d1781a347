#include "mt_kernels.h"
#include "mt_lanes.h"
#include "mt_quantise.h"

#define ONES 0x00010001u

/* Columns of b that are packed at once. */
#define COLUMNS MT_BATCH_MATMUL_COLUMNS

static inline uint32_t whole_blocks(uint32_t columns)
{
    return (columns + 3u) / 4u * 4u;
}

/* A row of a in lanes, its zero point taken off, filled up with zeros; gives the sum of it. */
static int32_t widen_row(const mt_batch_matmul *layer, const int8_t *a, uint32_t *lanes)
{
    const uint32_t zero_points = mt_pack(layer->zero_point_a, layer->zero_point_a);
    const uint32_t rest = layer->depth % 4u;
    int32_t sum = 0;
    for (uint32_t quad = layer->depth / 4u; quad > 0; quad--, a += 4, lanes += 2) {
        const uint32_t bytes = mt_load_4(a);
        lanes[0] = mt_subtract_lanes(mt_bytes_0_2(bytes), zero_points);
        lanes[1] = mt_subtract_lanes(mt_bytes_1_3(bytes), zero_points);
        sum = mt_smlad(lanes[1], ONES, mt_smlad(lanes[0], ONES, sum));
    }
    if (rest > 0) {
        int32_t last[3] = {0, 0, 0};
        for (uint32_t i = 0; i < rest; i++) {
            last[i] = a[i] - layer->zero_point_a;
            sum += last[i];
        }
        lanes[0] = mt_pack(last[0], last[2]);
        lanes[1] = mt_pack(last[1], 0);
    }
    return sum;
}

/* `count` values of a column, at most four, as bytes of a word. */
static inline uint32_t gather(const int8_t *b, uint32_t step, uint32_t count)
{
    uint32_t word = 0;
    for (uint32_t i = 0; i < count; i++) {
        word |= (uint32_t)(uint8_t)b[i * step] << (8u * i);
    }
    return word;
}

/* A column becomes a row of mt_sum_rows_s8: a word in every fourth place. */
static void pack_column(const mt_batch_matmul *layer, const int8_t *b, uint32_t *words)
{
    const uint32_t step = layer->depth_step, rest = layer->depth % 4u;
    for (uint32_t quad = layer->depth / 4u; quad > 0; quad--, b += 4u * step, words += 4) {
        *words = step == 1u ? mt_load_4(b) : gather(b, step, 4u);
    }
    if (rest > 0) {
        *words = gather(b, step, rest);
    }
}

/* A function of its own, so that its constants stay in registers. */
static __attribute__((noinline)) void store(const mt_batch_matmul *layer, const int32_t *sums, uint32_t count,
                                            int8_t *output)
{
    const mt_scale scale = layer->scale;
    const mt_output to = layer->output;
    for (const int32_t *end = sums + count; sums != end; sums++, output++) {
        *output = mt_to_output(*sums, scale, &to);
    }
}

static inline void fill(int32_t value, int32_t values[COLUMNS])
{
#pragma GCC unroll 16
    for (uint32_t i = 0; i < COLUMNS; i++) {
        values[i] = value;
    }
}

/* What fills up the last block of four are columns that were packed before, or nothing in particular: their sums are
 * not used. */
void mt_batch_matmul_s8(const mt_batch_matmul *parameters, const int8_t *a, const int8_t *b, uint32_t *scratch,
                        int8_t *output)
{
    const mt_batch_matmul layer = *parameters; /* a copy: stores through int8_t may alias the original */
    const uint32_t quads = (layer.depth + 3u) / 4u;
    uint32_t *lanes = scratch + whole_blocks(layer.columns < COLUMNS ? layer.columns : COLUMNS) * quads;
    int32_t starts[COLUMNS], sums[COLUMNS];
    for (uint32_t first = 0; first < layer.columns; first += COLUMNS) {
        const uint32_t left = layer.columns - first, count = left < COLUMNS ? left : COLUMNS;
        for (uint32_t i = 0; i < count; i++) {
            const int8_t *column = b + (first + i) * layer.column_step;
            pack_column(&layer, column, scratch + i / 4u * 4u * quads + i % 4u);
        }
        for (uint32_t row = 0; row < layer.rows; row++) {
            int8_t *target = output + row * layer.columns + first;
            fill(-layer.zero_point_b * widen_row(&layer, a + row * layer.depth, lanes), starts);
            mt_sum_rows_s8(scratch, lanes, quads, whole_blocks(count), starts, sums);
            store(&layer, sums, count, target);
        }
    }
}
