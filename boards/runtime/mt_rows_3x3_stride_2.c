#include "mt_kernels.h"
#include "mt_simd.h"

/* A sum starts at every word (x0, x1); of the next word only x2 belongs to it. */
void mt_rows_3x3_stride_2(const mt_rows_3x3 *job, int32_t *sums)
{
    const uint32_t first_0 = job->lanes[0], first_1 = job->lanes[1], first_2 = job->lanes[2];
    const int32_t last_0 = (int32_t)job->lanes[3] >> 16, last_1 = (int32_t)job->lanes[4] >> 16;
    const int32_t last_2 = (int32_t)job->lanes[5] >> 16;
    const uint32_t *row = job->row;
    for (uint32_t y = 0; y < job->height; y++) {
        const uint32_t *row_0 = row, *row_1 = row + job->row_words, *row_2 = row_1 + job->row_words;
        for (const int32_t *end = sums + job->width; sums != end; sums++) {
            int32_t sum = mt_smlad(*row_0++, first_0, job->bias);
            sum += (int16_t)*row_0 * last_0;
            sum = mt_smlad(*row_1++, first_1, sum);
            sum += (int16_t)*row_1 * last_1;
            sum = mt_smlad(*row_2++, first_2, sum);
            sum += (int16_t)*row_2 * last_2;
            *sums = sum;
        }
        row += 2 * job->row_words;
    }
}
