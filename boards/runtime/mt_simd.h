/*
 * Two 16-bit lanes in a word: the DSP instructions of Armv7E-M, and the same in C for cores without them and for
 * the host. Both give equal bits, so that the host runs the very algorithm of the device.
 */
#ifndef MT_SIMD_H
#define MT_SIMD_H

#include <stdint.h>
#include <string.h>

/* Four bytes at any address. */
static inline uint32_t mt_load_4(const int8_t *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP

/* sum + a.low * b.low + a.high * b.high */
static inline int32_t mt_smlad(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t result;
    __asm__("smlad %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* Bytes 0 and 2, sign extended to the two lanes. */
static inline uint32_t mt_bytes_0_2(uint32_t bytes)
{
    uint32_t lanes;
    __asm__("sxtb16 %0, %1" : "=r"(lanes) : "r"(bytes));
    return lanes;
}

/* Bytes 1 and 3, sign extended to the two lanes. */
static inline uint32_t mt_bytes_1_3(uint32_t bytes)
{
    uint32_t lanes;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(lanes) : "r"(bytes));
    return lanes;
}

/* (a * b + 2^31) >> 32 */
static inline int32_t mt_multiply_high(int32_t a, int32_t b)
{
    int32_t result;
    __asm__("smmulr %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* sum + (a * b >> 32) */
static inline int32_t mt_multiply_high_add(int32_t a, int32_t b, int32_t sum)
{
    int32_t result;
    __asm__("smmla %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* sum + ((a * b + 2^31) >> 32) */
static inline int32_t mt_multiply_high_round_add(int32_t a, int32_t b, int32_t sum)
{
    int32_t result;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
    return result;
}

/* Clamp to [0, 255]. */
static inline uint32_t mt_saturate_u8(int32_t value)
{
    uint32_t result;
    __asm__("usat %0, #8, %1" : "=r"(result) : "r"(value));
    return result;
}

/* a - b, but not below 0, for each of four unsigned bytes. */
static inline uint32_t mt_subtract_bytes(uint32_t a, uint32_t b)
{
    uint32_t result;
    __asm__("uqsub8 %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

/* a + b for each of four bytes; each wraps. */
static inline uint32_t mt_add_bytes(uint32_t a, uint32_t b)
{
    uint32_t result;
    __asm__("uadd8 %0, %1, %2" : "=r"(result) : "r"(a), "r"(b) : "cc");
    return result;
}

#else

static inline int32_t mt_smlad(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t low = (int16_t)a * (int16_t)b;
    int32_t high = ((int32_t)a >> 16) * ((int32_t)b >> 16);
    return (int32_t)((uint32_t)sum + (uint32_t)low + (uint32_t)high); /* wraps, as the instruction does */
}

static inline uint32_t mt_bytes_0_2(uint32_t bytes)
{
    uint32_t low = (uint32_t)(int8_t)bytes;
    uint32_t high = (uint32_t)(int8_t)(bytes >> 16);
    return (low & 0xffffu) | (high << 16);
}

static inline uint32_t mt_bytes_1_3(uint32_t bytes)
{
    return mt_bytes_0_2(bytes >> 8);
}

static inline int32_t mt_multiply_high(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 31)) >> 32);
}

static inline int32_t mt_multiply_high_add(int32_t a, int32_t b, int32_t sum)
{
    return sum + (int32_t)(((int64_t)a * b) >> 32);
}

static inline int32_t mt_multiply_high_round_add(int32_t a, int32_t b, int32_t sum)
{
    return sum + mt_multiply_high(a, b);
}

static inline uint32_t mt_saturate_u8(int32_t value)
{
    value = value < 0 ? 0 : value;
    return (uint32_t)(value > 255 ? 255 : value);
}

static inline uint32_t mt_subtract_bytes(uint32_t a, uint32_t b)
{
    uint32_t result = 0;
    for (uint32_t shift = 0; shift < 32; shift += 8) {
        uint32_t x = a >> shift & 0xffu, y = b >> shift & 0xffu;
        result |= (x > y ? x - y : 0) << shift;
    }
    return result;
}

static inline uint32_t mt_add_bytes(uint32_t a, uint32_t b)
{
    return ((a & 0x7f7f7f7fu) + (b & 0x7f7f7f7fu)) ^ ((a ^ b) & 0x80808080u);
}

#endif

/* Lanes (low, high). */
static inline uint32_t mt_pack(int32_t low, int32_t high)
{
    return ((uint32_t)low & 0xffffu) | ((uint32_t)high << 16);
}

#endif
