#include "mt_kernels.h"
#include "mt_simd.h"

static inline uint32_t *widen_quad(uint32_t quad, uint32_t step, uint32_t *lanes)
{
    lanes[0] = mt_bytes_0_2(quad);
    lanes[step] = mt_bytes_1_3(quad);
    return lanes + 2 * step;
}

/* Fewer than four bytes: as the last of a word where there is one, else one by one. */
static inline uint32_t last_bytes(const int8_t *bytes, uint32_t rest, uint32_t count)
{
    if (count >= 4) {
        return mt_load_4(bytes + rest - 4) >> (32 - 8 * rest);
    }
    uint32_t last = 0;
    for (uint32_t i = 0; i < rest; i++) {
        last |= (uint32_t)(uint8_t)bytes[i] << (8 * i);
    }
    return last;
}

/* `step` is a constant where this is called: two loops, each with fixed offsets. */
static inline __attribute__((always_inline)) uint32_t *widen(const int8_t *bytes, uint32_t count, uint32_t step,
                                                             uint32_t *lanes)
{
    uint32_t left = count;
    for (; left >= 16; left -= 16, bytes += 16) {
        uint32_t a = mt_load_4(bytes), b = mt_load_4(bytes + 4), c = mt_load_4(bytes + 8), d = mt_load_4(bytes + 12);
        lanes = widen_quad(b, step, widen_quad(a, step, lanes));
        lanes = widen_quad(d, step, widen_quad(c, step, lanes));
    }
    for (; left >= 4; left -= 4, bytes += 4) {
        lanes = widen_quad(mt_load_4(bytes), step, lanes);
    }
    return left > 0 ? widen_quad(last_bytes(bytes, left, count), step, lanes) : lanes;
}

uint32_t *mt_widen_s8(const int8_t *bytes, uint32_t count, uint32_t step, uint32_t *lanes)
{
    return step == 1 ? widen(bytes, count, 1, lanes) : widen(bytes, count, 2, lanes);
}
