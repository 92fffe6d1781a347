#include "stack_gauge.h"

#include "memory_map.h"

#define PAINT 0xC5C5C5C5U

void mt_stack_paint(void)
{
    volatile uint32_t *end;
    __asm volatile("mov %0, sp" : "=r"(end));
    for (volatile uint32_t *word = mt_stack_bottom; word < end; word++) {
        *word = PAINT;
    }
}

uint32_t mt_stack_high_water_bytes(void)
{
    const volatile uint32_t *word = mt_stack_bottom;
    while (word < mt_stack_top && *word == PAINT) {
        word++;
    }
    return (uint32_t)((uintptr_t)mt_stack_top - (uintptr_t)word);
}

uint32_t mt_stack_reserved_bytes(void)
{
    return (uint32_t)((uintptr_t)mt_stack_top - (uintptr_t)mt_stack_bottom);
}
