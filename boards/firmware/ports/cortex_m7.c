#include "cortex_m7.h"

#define SCB_CCSIDR (*(volatile uint32_t *)0xE000ED80U)
#define SCB_CSSELR (*(volatile uint32_t *)0xE000ED84U)
#define SCB_ICIALLU (*(volatile uint32_t *)0xE000EF50U)
#define SCB_DCISW (*(volatile uint32_t *)0xE000EF60U)
#define SCB_DCCISW (*(volatile uint32_t *)0xE000EF74U)

#define DATA_CACHE_ON (1U << 16)
#define INSTRUCTION_CACHE_ON (1U << 17)
#define SET_SHIFT 5U  /* lines of 32 bytes */
#define WAY_SHIFT 30U /* four ways */

static void barrier(void)
{
    __asm volatile("dsb\n isb" ::: "memory");
}

/* Do to each line of the data cache what writing its set and way to a register does. */
static void for_each_line(volatile uint32_t *operation)
{
    SCB_CSSELR = 0U; /* CCSIDR is to tell of the data cache */
    barrier();
    const uint32_t last_set = SCB_CCSIDR >> 13 & 0x7FFFU;
    const uint32_t last_way = SCB_CCSIDR >> 3 & 0x3FFU;
    for (uint32_t set = 0U; set <= last_set; set++) {
        for (uint32_t way = 0U; way <= last_way; way++) {
            *operation = way << WAY_SHIFT | set << SET_SHIFT;
        }
    }
    barrier();
}

void mt_core_caches_on(void)
{
    SCB_ICIALLU = 0U;
    for_each_line(&SCB_DCISW);
    SCB_CCR |= INSTRUCTION_CACHE_ON | DATA_CACHE_ON;
    barrier();
}

void mt_core_data_cache_flush(void)
{
    for_each_line(&SCB_DCCISW);
}
