/* What STM32L4 (RM0351) and STM32L4+ (RM0432) have in common: registers at the same addresses, the same flash. */
#ifndef MT_STM32L4_FAMILY_H
#define MT_STM32L4_FAMILY_H

#include "dwt.h"
#include "stm32_flash_pages.h"
#include "stm32_usart_v2.h"

#define RCC_CR REGISTER(0x40021000U)
#define RCC_CFGR REGISTER(0x40021008U)
#define RCC_PLLCFGR REGISTER(0x4002100CU)
#define RCC_AHB2ENR REGISTER(0x4002104CU)
#define RCC_APB1ENR1 REGISTER(0x40021058U)
#define RCC_APB1ENR2 REGISTER(0x4002105CU)

/* HSI16 x N / 2, where 16 MHz x N, the VCO's frequency, lies between 64 and 344 MHz (RCC chapters, PLL). */
#define PLL_N (MT_CLOCK_HZ / 8000000U)
#define PLL_MULTIPLIES_TO_THE_CLOCK (PLL_N * 8000000U == MT_CLOCK_HZ)

/* Connect the pins of port G that hang off VDDIO2, where the board uses one, and set the flash's wait states, prefetch
 * and both caches. */
void mt_stm32l4_clock_prepare(void);

/* Start HSI16 and the PLL at MT_CLOCK_HZ; the core goes on at its old clock. */
void mt_stm32l4_pll_start(void);

/* Run the core from the PLL. */
void mt_stm32l4_clock_from_pll(void);

#endif
