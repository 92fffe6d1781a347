/*
 * memcpy and memset as networks need them, in a quarter of the C library's flash: words at any address, four in a turn.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct __attribute__((packed, may_alias)) {
    uint32_t value;
} word;

/* Otherwise GCC makes calls of memcpy and memset of these loops. */
#define REMAIN_A_LOOP() __asm volatile("" ::: "memory")

#define STEP(type) (*(type *)target = *(const type *)source, target += sizeof(type), source += sizeof(type))

void *memcpy(void *restrict to, const void *restrict from, size_t count)
{
    uint8_t *target = to;
    const uint8_t *source = from;
    const uint8_t *const end = target + count;
    const uint8_t *const fours_end = target + (count & ~15U), *const words_end = target + (count & ~3U);
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
    const uint8_t *const fours_end = target + (count & ~15U), *const words_end = target + (count & ~3U);
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
