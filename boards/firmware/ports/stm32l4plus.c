/* STM32L4R and STM32L4S (RM0432): up to 120 MHz from HSI16 and PLL. */
#include "port.h"
#include "stm32l4_family.h"

#define PWR_CR5 REGISTER(0x40007080U)

/* RM0432, chapter "Embedded flash memory", read access latency: one wait state per 20 MHz in voltage range 1. */
_Static_assert(MT_FLASH_WAIT_STATES == (MT_CLOCK_HZ - 1U) / 20000000U, "wait states of the manual");

_Static_assert(PLL_MULTIPLIES_TO_THE_CLOCK && PLL_N >= 8U && PLL_N <= 15U, "64 to 120 MHz in steps of 8");

#define PWR_CLOCK (1U << 28)
#define PWR_NO_BOOST (1U << 8) /* R1MODE: set after reset */
#define AHB_PRESCALER (15U << 4)
#define AHB_HALF_CLOCK (8U << 4)
#define OPTR_TWO_BANKS_SHIFT 22U /* DBANK */

/* RM0432, chapter "Power control", dynamic voltage scaling: above 80 MHz range 1 needs boost mode, and the core goes
 * through half its clock for at least 1 us. */
void mt_port_clock_init(void)
{
    mt_stm32_enable(&RCC_APB1ENR1, PWR_CLOCK);
    PWR_CR5 &= ~PWR_NO_BOOST;
    mt_stm32l4_clock_prepare();
    mt_stm32l4_pll_start();
    RCC_CFGR = (RCC_CFGR & ~AHB_PRESCALER) | AHB_HALF_CLOCK;
    mt_stm32l4_clock_from_pll();
    mt_dwt_start();
    while (mt_port_cycles() < MT_CLOCK_HZ / 1000000U) { /* 2 us at half the clock */
    }
    RCC_CFGR &= ~AHB_PRESCALER;
}

/* RM0432, option byte DBANK: 4 KiB while the flash is two banks, 8 KiB when it is one. */
uint32_t mt_stm32_flash_page_bytes(void)
{
    return FLASH_OPTR >> OPTR_TWO_BANKS_SHIFT & 1U ? 4096U : 8192U;
}

const mt_memory_setting mt_port_memory_settings[] = {
    MT_STM32_ART_SETTINGS,
    {"flash-two-banks", &FLASH_OPTR, OPTR_TWO_BANKS_SHIFT, 1U},
    MT_NO_MORE_SETTINGS,
};
