/* Chip facts, clock and flash as STM32L4 and STM32L4+ share them. */
#include "stm32l4_family.h"

#include "port.h"

#define PWR_CR2 REGISTER(0x40007004U)

#define PWR_CLOCK (1U << 28)
#define VDDIO2_VALID (1U << 9)
#define PORT_G 6U

#define ACR_LATENCY 15U
#define ACR_PREFETCH (1U << 8)
#define ACR_INSTRUCTION_CACHE (1U << 9)
#define ACR_DATA_CACHE (1U << 10)
#define ACR_DATA_CACHE_RESET (1U << 12)

#define PLL_FROM_HSI16 2U
#define PLL_R_ENABLE (1U << 24)
#define HSI_ON (1U << 8)
#define HSI_READY (1U << 10)
#define PLL_ON (1U << 24)
#define PLL_READY (1U << 25)
#define CLOCK_FROM_PLL 3U

/* The UARTs that reach an ST-LINK on one of the kits: on APB1, at the core's clock. */
enum { USART2_IRQ = 38, USART3_IRQ = 39, LPUART1_IRQ = 70 };
#define USART2_FACTS {0x40004400U, &RCC_APB1ENR1, 1U << 17, 7U, 1U, 1U, USART2_IRQ}
#define USART3_FACTS {0x40004800U, &RCC_APB1ENR1, 1U << 18, 7U, 1U, 1U, USART3_IRQ}
#define LPUART1_FACTS {0x40008000U, &RCC_APB1ENR2, 1U << 0, 8U, 1U, 256U, LPUART1_IRQ}

const mt_stm32_facts mt_stm32_chip = {0x48000000U, &RCC_AHB2ENR, 0x1FFF7590U, MT_CONSOLE_FACTS};

MT_PORT_VECTORS const mt_vector mt_port_vectors[] = {[MT_CONSOLE_IRQ] = mt_stm32_console_handler};

const uint32_t mt_stm32_flash_busy = 1U << 16;
const uint32_t mt_stm32_flash_banks = 2U;

/* PG2 to PG15 are isolated after reset (PWR_CR2.IOSV). */
static void connect_port_g(void)
{
    if (MT_CONSOLE_TX_PORT == PORT_G || MT_CONSOLE_RX_PORT == PORT_G || MT_TRIGGER_PORT == PORT_G) {
        mt_stm32_enable(&RCC_APB1ENR1, PWR_CLOCK);
        PWR_CR2 |= VDDIO2_VALID;
    }
}

void mt_stm32l4_clock_prepare(void)
{
    connect_port_g();
    mt_stm32_flash_access(&FLASH_ACR, ACR_PREFETCH | ACR_INSTRUCTION_CACHE | ACR_DATA_CACHE | MT_FLASH_WAIT_STATES,
                          ACR_LATENCY);
}

void mt_stm32l4_pll_start(void)
{
    RCC_CR |= HSI_ON;
    mt_stm32_wait_for(&RCC_CR, HSI_READY);
    RCC_PLLCFGR = PLL_R_ENABLE | PLL_N << 8 | PLL_FROM_HSI16;
    RCC_CR |= PLL_ON;
    mt_stm32_wait_for(&RCC_CR, PLL_READY);
}

void mt_stm32l4_clock_from_pll(void)
{
    RCC_CFGR |= CLOCK_FROM_PLL;
    while ((RCC_CFGR >> 2 & 3U) != CLOCK_FROM_PLL) {
    }
}

void mt_stm32_flash_caches(bool on)
{
    mt_stm32_flash_caches_of(&FLASH_ACR, ACR_DATA_CACHE, ACR_DATA_CACHE_RESET, on);
}
