#include "mt_kernels.h"
#include "mt_widen.h"

/* One to three bytes, filled up with zeros. */
static uint32_t last_bytes(const int8_t *bytes, uint32_t count)
{
    uint32_t last = (uint8_t)bytes[0];
    for (uint32_t i = 1; i < count; i++) {
        last |= (uint32_t)(uint8_t)bytes[i] << (8 * i);
    }
    return last;
}

uint32_t *mt_widen_s8(const int8_t *bytes, uint32_t count, uint32_t *lanes)
{
    for (; count >= 16; count -= 16, bytes += 16) { /* loads first: one behind another takes one cycle */
        const uint32_t a = mt_load_4(bytes), b = mt_load_4(bytes + 4);
        const uint32_t c = mt_load_4(bytes + 8), d = mt_load_4(bytes + 12);
        lanes = mt_widen_quad(d, 1, mt_widen_quad(c, 1, mt_widen_quad(b, 1, mt_widen_quad(a, 1, lanes))));
    }
    for (; count >= 4; count -= 4, bytes += 4) {
        lanes = mt_widen_quad(mt_load_4(bytes), 1, lanes);
    }
    return count > 0 ? mt_widen_quad(last_bytes(bytes, count), 1, lanes) : lanes;
}
