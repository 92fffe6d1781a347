/*
 * Loads from flash that may be unreadable: the fault handler of loader_main.c leaves such a load out, which gives 0 here.
 * A load of the compiler's may move its pointer, too, and would be repeated for ever.
 */
#ifndef MT_FLASH_READ_H
#define MT_FLASH_READ_H

#include <stdint.h>

static inline uint32_t mt_flash_word(const uint32_t *at)
{
    uint32_t word = 0U;
    __asm volatile("ldr %0, [%1]" : "+&l"(word) : "l"(at) : "memory");
    return word;
}

static inline uint8_t mt_flash_byte(const uint8_t *at)
{
    uint32_t byte = 0U;
    __asm volatile("ldrb %0, [%1]" : "+&l"(byte) : "l"(at) : "memory");
    return (uint8_t)byte;
}

#endif
