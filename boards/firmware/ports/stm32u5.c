/* STM32U575 (RM0456), TrustZone off: 160 MHz from HSI16 and PLL1, the core's supply from the SMPS. */
#include "port.h"

#include "dwt.h"
#include "stm32_usart_v2.h"
#include "stm32u5_flash.h"

#define RCC_CR REGISTER(0x46020C00U)
#define RCC_CFGR1 REGISTER(0x46020C1CU)
#define RCC_PLL1CFGR REGISTER(0x46020C28U)
#define RCC_PLL1DIVR REGISTER(0x46020C34U)
#define RCC_AHB2ENR1 REGISTER(0x46020C8CU)
#define RCC_AHB3ENR REGISTER(0x46020C94U)
#define RCC_APB2ENR REGISTER(0x46020CA4U)
#define PWR_CR3 REGISTER(0x46020808U)
#define PWR_VOSR REGISTER(0x4602080CU)
#define PWR_SVMSR REGISTER(0x4602083CU)

#define CLOCK_PWR (1U << 2)
#define SUPPLY_FROM_SMPS (1U << 1) /* REGSEL, and REGS once it is so */
#define VOLTAGE_RANGE_1 (3U << 16)
#define BOOSTER_ON (1U << 18)
#define BOOSTER_READY (1U << 14)
#define VOLTAGE_READY (1U << 15)

/* HSI16 x N / 2; the booster wants 4 to 16 MHz and gets half of HSI16. */
#define PLL_N (MT_CLOCK_HZ / 8000000U)
#define PLL_FROM_HSI16 2U
#define PLL_INPUT_8_TO_16_MHZ (3U << 2)
#define PLL_BOOSTER_HALF (1U << 12)
#define PLL_R_ENABLE (1U << 18)
#define PLL_R_BY_2 (1U << 24)
#define HSI_ON (1U << 8)
#define HSI_READY (1U << 10)
#define PLL_ON (1U << 24)
#define PLL_READY (1U << 25)
#define CLOCK_FROM_PLL 3U

#define ACR_LATENCY 15U
#define ACR_PREFETCH (1U << 8)
#define OPTR_TWO_BANKS_SHIFT 21U /* DUALBANK */

_Static_assert(MT_CLOCK_HZ == 160000000U, "160 MHz");
/* RM0456, chapter "Embedded flash memory", read access latency: one wait state per 32 MHz in voltage range 1. */
_Static_assert(MT_FLASH_WAIT_STATES == (MT_CLOCK_HZ - 1U) / 32000000U, "wait states of the manual");

enum { USART1_IRQ = 61 };
#define USART1_FACTS {0x40013800U, &RCC_APB2ENR, 1U << 14, 7U, 1U, 1U, USART1_IRQ}

const mt_stm32_facts mt_stm32_chip = {0x42020000U, &RCC_AHB2ENR1, 0x0BFA0700U, MT_CONSOLE_FACTS};

MT_PORT_VECTORS const mt_vector mt_port_vectors[] = {[MT_CONSOLE_IRQ] = mt_stm32_console_handler};

/* RM0456, chapter "Power control", dynamic voltage scaling: above 55 MHz the voltage needs its booster, which is clocked
 * by the PLL's source, so that this must have been chosen before. */
static void raise_voltage(void)
{
    mt_stm32_enable(&RCC_AHB3ENR, CLOCK_PWR);
    PWR_CR3 |= SUPPLY_FROM_SMPS;
    mt_stm32_wait_for(&PWR_SVMSR, SUPPLY_FROM_SMPS);
    PWR_VOSR = VOLTAGE_RANGE_1 | BOOSTER_ON;
    mt_stm32_wait_for(&PWR_VOSR, VOLTAGE_READY);
    mt_stm32_wait_for(&PWR_VOSR, BOOSTER_READY);
}

void mt_port_clock_init(void)
{
    RCC_CR |= HSI_ON;
    mt_stm32_wait_for(&RCC_CR, HSI_READY);
    RCC_PLL1CFGR = PLL_R_ENABLE | PLL_BOOSTER_HALF | PLL_INPUT_8_TO_16_MHZ | PLL_FROM_HSI16;
    RCC_PLL1DIVR = PLL_R_BY_2 | (PLL_N - 1U);
    raise_voltage();
    mt_stm32_flash_access(&FLASH_ACR, ACR_PREFETCH | MT_FLASH_WAIT_STATES, ACR_LATENCY);
    mt_stm32u5_cache(true);
    RCC_CR |= PLL_ON;
    mt_stm32_wait_for(&RCC_CR, PLL_READY);
    RCC_CFGR1 |= CLOCK_FROM_PLL;
    while ((RCC_CFGR1 >> 2 & 3U) != CLOCK_FROM_PLL) {
    }
    mt_dwt_start();
}

const mt_memory_setting mt_port_memory_settings[] = {
    {"flash-wait-states", &FLASH_ACR, 0U, ACR_LATENCY},
    {"flash-prefetch", &FLASH_ACR, 8U, 1U},
    {"flash-two-banks", &FLASH_OPTR, OPTR_TWO_BANKS_SHIFT, 1U},
    {"instruction-cache", &ICACHE_CR, 0U, ICACHE_ON},
    MT_NO_MORE_SETTINGS,
};
