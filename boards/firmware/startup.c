/* From reset to main(): vectors, FPU, static data. Any Cortex-M. */
#include "fault.h"
#include "memory_map.h"
#include "port.h"

#define SCB_VTOR (*(volatile uint32_t *)0xE000ED08U)
#define SCB_CPACR (*(volatile uint32_t *)0xE000ED88U)

int main(void);
void mt_reset(void);

#define CORE_VECTORS __attribute__((section(".vectors.core"), used))

CORE_VECTORS const mt_vector mt_vectors[16] = {
    (mt_vector)mt_stack_top,
    mt_reset,
    mt_fault_handler, /* NMI */
    mt_fault_handler, /* HardFault; the finer fault handlers are off, so that all faults end here */
};

static void clear(volatile uint32_t *to, const volatile uint32_t *end)
{
    while (to < end) {
        *to++ = 0U;
    }
}

void mt_reset(void)
{
#ifdef __ARM_FP
    SCB_CPACR |= 0xFU << 20; /* CP10, CP11: full access */
    __asm volatile("dsb\n isb" ::: "memory");
#endif
    SCB_VTOR = (uint32_t)mt_vectors; /* a bootloader may have left its own */
    /* volatile: otherwise GCC makes calls of memcpy and memset of these loops */
    const volatile uint32_t *from = mt_data_load;
    for (volatile uint32_t *to = mt_data_start; to < mt_data_end; to++) {
        *to = *from++;
    }
    clear(mt_bss_start, mt_bss_end);
    clear(mt_arena_start, mt_arena_end);
    main();
}
