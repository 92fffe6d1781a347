/* STM32L4x5, STM32L4x6 (RM0351): up to 80 MHz from HSI16 and PLL. */
#include "port.h"
#include "stm32l4_family.h"

/* RM0351 section 3.3.3: one wait state per 16 MHz in voltage range 1, the range after reset (section 5.4.1). */
_Static_assert(MT_FLASH_WAIT_STATES == (MT_CLOCK_HZ - 1U) / 16000000U, "wait states of the manual");

_Static_assert(PLL_MULTIPLIES_TO_THE_CLOCK && PLL_N >= 8U && PLL_N <= 10U, "64, 72 or 80 MHz");

void mt_port_clock_init(void)
{
    mt_stm32l4_clock_prepare();
    mt_stm32l4_pll_start();
    mt_stm32l4_clock_from_pll();
    mt_dwt_start();
}

uint32_t mt_stm32_flash_page_bytes(void)
{
    return 2048U;
}

const mt_memory_setting mt_port_memory_settings[] = {MT_STM32_ART_SETTINGS, MT_NO_MORE_SETTINGS};
