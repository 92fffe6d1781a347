/* The clock of STM32F4 (RM0390 chapters 5 and 6) and F7 (RM0385 chapters 4 and 5): HSI, PLL, over-drive. */
#ifndef MT_STM32F4_CLOCK_H
#define MT_STM32F4_CLOCK_H

#include "stm32.h"

#define RCC_AHB1ENR REGISTER(0x40023830U)
#define RCC_APB1ENR REGISTER(0x40023840U)

/* HSI, not the 8 MHz of the ST-LINK: those come over solder bridges that differ between revisions of a kit (UM1724, OSC
 * clock), and stop with the ST-LINK. HSI / 8 x N / 2, the VCO (HSI / 8 x N) between 100 and 432 MHz. */
#define PLL_N (MT_CLOCK_HZ / 1000000U)
#define PLL_MULTIPLIES_TO_THE_CLOCK (PLL_N * 1000000U == MT_CLOCK_HZ && PLL_N >= 50U && PLL_N <= 216U)

/* The core's clock by APB1's. That carries 42 to 54 MHz at most and APB2 twice that, by chip (RCC chapters). */
#define APB1_DIVIDER 4U

/* Run the core at MT_CLOCK_HZ with this in FLASH_ACR, in over-drive if that is faster than the chip is without. */
void mt_stm32f4_clock_init(uint32_t acr, uint32_t without_over_drive_hz);

#endif
