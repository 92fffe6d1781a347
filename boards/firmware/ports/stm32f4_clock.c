#include "stm32f4_clock.h"

#include "stm32_flash_sectors.h"

#define RCC_CR REGISTER(0x40023800U)
#define RCC_PLLCFGR REGISTER(0x40023804U)
#define RCC_CFGR REGISTER(0x40023808U)
#define PWR_CR REGISTER(0x40007000U)
#define PWR_CSR REGISTER(0x40007004U)

#define CLOCK_PWR (1U << 28)

#define PLL_FROM_HSI_BY_8 8U
#define PLL_N_SHIFT 6U
#define PLL_Q_8_R_2 (8U << 24 | 2U << 28) /* for USB and the like; unused */
#define HSI_ON (1U << 0)
#define HSI_READY (1U << 1)
#define PLL_ON (1U << 24)
#define PLL_READY (1U << 25)
#define CLOCK_FROM_PLL 2U
#define APB1_BY_4_APB2_BY_2 (5U << 10 | 4U << 13)

#define OVER_DRIVE_ON (1U << 16)
#define OVER_DRIVE_SWITCH (1U << 17)

_Static_assert(PLL_MULTIPLIES_TO_THE_CLOCK, "50 to 216 MHz in whole MHz");

/* "Entering Over-drive mode": while the core still runs from HSI and the PLL starts. */
static void over_drive(void)
{
    mt_stm32_enable(&RCC_APB1ENR, CLOCK_PWR);
    PWR_CR |= OVER_DRIVE_ON;
    mt_stm32_wait_for(&PWR_CSR, OVER_DRIVE_ON);
    PWR_CR |= OVER_DRIVE_SWITCH;
    mt_stm32_wait_for(&PWR_CSR, OVER_DRIVE_SWITCH);
}

void mt_stm32f4_clock_init(uint32_t acr, uint32_t without_over_drive_hz)
{
    RCC_CR |= HSI_ON;
    mt_stm32_wait_for(&RCC_CR, HSI_READY);
    RCC_PLLCFGR = PLL_FROM_HSI_BY_8 | PLL_N << PLL_N_SHIFT | PLL_Q_8_R_2;
    RCC_CR |= PLL_ON;
    if (MT_CLOCK_HZ > without_over_drive_hz) {
        over_drive();
    }
    mt_stm32_flash_access(&FLASH_ACR, acr, 15U);
    mt_stm32_wait_for(&RCC_CR, PLL_READY);
    RCC_CFGR = APB1_BY_4_APB2_BY_2;
    RCC_CFGR = APB1_BY_4_APB2_BY_2 | CLOCK_FROM_PLL;
    while ((RCC_CFGR >> 2 & 3U) != CLOCK_FROM_PLL) {
    }
}
