/* The scale that mt_requantise gives, for any 32-bit value: in 64 bits. */
#ifndef MT_REQUANTISE_ANY_H
#define MT_REQUANTISE_ANY_H

#include "mt_kernels.h"

/* A left shift beyond 32 bits wraps, as the reference does it. */
static inline int32_t mt_requantise_any(int32_t value, mt_scale scale)
{
    int32_t shifted = (int32_t)((uint32_t)value << (scale.left - 1));
    int64_t product = ((int64_t)shifted * scale.multiplier + (1 << 30)) >> 31;
    int64_t half = (int64_t)1 << scale.right >> 1;
    return (int32_t)((product * 2 + (product >> 63) + half) >> scale.right);
}

#endif
