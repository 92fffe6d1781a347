/*
 * Bytes to 16-bit lanes (k0, k2), (k1, k3), a last incomplete quad filled up: what mt_widen_s8 does, to be inlined.
 */
#ifndef MT_WIDEN_H
#define MT_WIDEN_H

#include "mt_simd.h"

static inline uint32_t *mt_widen_quad(uint32_t quad, uint32_t step, uint32_t *lanes)
{
    lanes[0] = mt_bytes_0_2(quad);
    lanes[step] = mt_bytes_1_3(quad);
    return lanes + 2 * step;
}

/* Fewer than four bytes: as the last of a word where there is one, else one by one. */
static inline uint32_t mt_last_bytes(const int8_t *bytes, uint32_t rest, uint32_t count)
{
    if (count >= 4) {
        return mt_load_4(bytes + rest - 4) >> (32 - 8 * rest);
    }
    uint32_t last = (uint8_t)bytes[0];
    for (uint32_t i = 1; i < rest; i++) {
        last |= (uint32_t)(uint8_t)bytes[i] << (8 * i);
    }
    return last;
}

/* `step` is a constant where this is called: fixed offsets. Gives the end. */
static inline __attribute__((always_inline)) uint32_t *mt_widen(const int8_t *bytes, uint32_t count, uint32_t step,
                                                                uint32_t *lanes)
{
    uint32_t left = count;
    for (; left >= 16; left -= 16, bytes += 16) {
        uint32_t a = mt_load_4(bytes), b = mt_load_4(bytes + 4), c = mt_load_4(bytes + 8), d = mt_load_4(bytes + 12);
        lanes = mt_widen_quad(b, step, mt_widen_quad(a, step, lanes));
        lanes = mt_widen_quad(d, step, mt_widen_quad(c, step, lanes));
    }
    if (left >= 8) {
        uint32_t a = mt_load_4(bytes), b = mt_load_4(bytes + 4);
        lanes = mt_widen_quad(b, step, mt_widen_quad(a, step, lanes));
        left -= 8;
        bytes += 8;
    }
    if (left >= 4) {
        lanes = mt_widen_quad(mt_load_4(bytes), step, lanes);
        left -= 4;
        bytes += 4;
    }
    return left > 0 ? mt_widen_quad(mt_last_bytes(bytes, left, count), step, lanes) : lanes;
}

#endif
