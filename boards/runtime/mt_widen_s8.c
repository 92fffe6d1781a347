#include "mt_kernels.h"
#include "mt_simd.h"

static inline void widen_quad(uint32_t quad, uint32_t step, uint32_t *lanes)
{
    lanes[0] = mt_bytes_0_2(quad);
    lanes[step] = mt_bytes_1_3(quad);
}

/* `step` is a constant where this is called: two loops, each with fixed offsets. */
static inline __attribute__((always_inline)) void widen(const int8_t *bytes, uint32_t count, uint32_t step,
                                                        uint32_t *lanes)
{
    for (; count >= 8; count -= 8) {
        uint32_t first = mt_load_4(bytes), second = mt_load_4(bytes + 4);
        widen_quad(first, step, lanes);
        widen_quad(second, step, lanes + 2 * step);
        bytes += 8;
        lanes += 4 * step;
    }
    if (count >= 4) {
        widen_quad(mt_load_4(bytes), step, lanes);
        bytes += 4;
        lanes += 2 * step;
    }
    if (count % 4 != 0) {
        uint32_t last = 0;
        for (uint32_t i = 0; i < count % 4; i++) {
            last |= (uint32_t)(uint8_t)bytes[i] << (8 * i);
        }
        widen_quad(last, step, lanes);
    }
}

void mt_widen_s8(const int8_t *bytes, uint32_t count, uint32_t step, uint32_t *lanes)
{
    if (step == 1) {
        widen(bytes, count, 1, lanes);
    } else {
        widen(bytes, count, 2, lanes);
    }
}
