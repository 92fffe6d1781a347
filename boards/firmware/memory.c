/*
 * memcpy and memset as networks need them, in a quarter of the C library's flash: words, four in a turn. Cores that take
 * words at aligned addresses only (Armv6-M) get bytes where an address is not.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__ARM_FEATURE_UNALIGNED)
typedef struct __attribute__((packed, may_alias)) {
    uint32_t value;
} word;
#define ALIGNMENT 1U
#else
typedef struct __attribute__((may_alias)) {
    uint32_t value;
} word;
#define ALIGNMENT 4U
#endif

/* Otherwise GCC makes calls of memcpy and memset of these loops. */
#define REMAIN_A_LOOP() __asm volatile("" ::: "memory")

#define STEP(type) (*(type *)target = *(const type *)source, target += sizeof(type), source += sizeof(type))

/* How many of `count` bytes go by whole units of `size` bytes, where the addresses allow words at all. */
static inline size_t whole(uintptr_t addresses, size_t count, size_t size)
{
    return addresses % ALIGNMENT == 0 ? count & ~(size - 1U) : 0;
}

void *memcpy(void *restrict to, const void *restrict from, size_t count)
{
    uint8_t *target = to;
    const uint8_t *source = from;
    const uintptr_t addresses = (uintptr_t)to | (uintptr_t)from;
    const uint8_t *const end = target + count;
    const uint8_t *const fours_end = target + whole(addresses, count, 16U);
    const uint8_t *const words_end = target + whole(addresses, count, 4U);
    while (target != fours_end) {
        STEP(word), STEP(word), STEP(word), STEP(word);
        REMAIN_A_LOOP();
    }
    while (target != words_end) {
        STEP(word);
        REMAIN_A_LOOP();
    }
    while (target != end) {
        STEP(uint8_t);
        REMAIN_A_LOOP();
    }
    return to;
}
void *memset(void *to, int value, size_t count)
{
    const word four = {(uint8_t)value * 0x01010101U};
    uint8_t *target = to;
    const uint8_t *const end = target + count;
    const uint8_t *const fours_end = target + whole((uintptr_t)to, count, 16U);
    const uint8_t *const words_end = target + whole((uintptr_t)to, count, 4U);
    for (; target != fours_end; target += 16) {
        word *words = (word *)target;
        words[0] = words[1] = words[2] = words[3] = four;
        REMAIN_A_LOOP();
    }
    for (; target != words_end; target += 4) {
        *(word *)target = four;
        REMAIN_A_LOOP();
    }
    for (; target != end; target++) {
        *target = (uint8_t)value;
        REMAIN_A_LOOP();
    }
    return to;
}
