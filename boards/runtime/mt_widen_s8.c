#include "mt_kernels.h"
#include "mt_widen.h"

uint32_t *mt_widen_s8(const int8_t *bytes, uint32_t count, uint32_t step, uint32_t *lanes)
{
    return step == 1 ? mt_widen(bytes, count, 1, lanes) : mt_widen(bytes, count, 2, lanes);
}
