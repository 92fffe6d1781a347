/* STM32G0x0, STM32G0x1 (RM0444): 64 MHz from HSI16 and PLL; cycles from TIM2. */
#include "port.h"

#include "stm32_flash_pages.h"
#include "stm32_usart_v2.h"

#define RCC_CR REGISTER(0x40021000U)
#define RCC_CFGR REGISTER(0x40021008U)
#define RCC_PLLCFGR REGISTER(0x4002100CU)
#define RCC_IOPENR REGISTER(0x40021034U)
#define RCC_APBENR1 REGISTER(0x4002103CU)
#define TIM2_CR1 REGISTER(0x40000000U)
#define TIM2_CNT REGISTER(0x40000024U)

#define CLOCK_TIM2 (1U << 0)

#define ACR_LATENCY 7U
#define ACR_PREFETCH (1U << 8)
#define ACR_CACHE (1U << 9)
#define ACR_CACHE_RESET (1U << 11)

/* HSI16 x N / 2; the VCO takes N from 8 on and the core 64 MHz at most (RM0444 section 5.4.4). */
#define PLL_N (MT_CLOCK_HZ / 8000000U)
#define PLL_FROM_HSI16 2U
#define PLL_R_BY_2 (1U << 28 | 1U << 29)
#define HSI_ON (1U << 8)
#define HSI_READY (1U << 10)
#define PLL_ON (1U << 24)
#define PLL_READY (1U << 25)
#define CLOCK_FROM_PLL 2U

_Static_assert(MT_CLOCK_HZ == 64000000U, "64 MHz");
/* RM0444 section 3.3.4: 24, 48, 64 MHz with 0, 1, 2 wait states in voltage range 1, the one after reset. */
_Static_assert(MT_FLASH_WAIT_STATES == (MT_CLOCK_HZ - 1U) / 24000000U, "wait states of the manual");

enum { USART2_IRQ = 28 };
#define USART2_FACTS {0x40004400U, &RCC_APBENR1, 1U << 17, 1U, 1U, 1U, USART2_IRQ}

const mt_stm32_facts mt_stm32_chip = {0x50000000U, &RCC_IOPENR, 0x1FFF7590U, MT_CONSOLE_FACTS};

MT_PORT_VECTORS const mt_vector mt_port_vectors[] = {[MT_CONSOLE_IRQ] = mt_stm32_console_handler};

const uint32_t mt_stm32_flash_busy = 1U << 16 | 1U << 18; /* BSY1, and CFGBSY while what was stored is taken */
const uint32_t mt_stm32_flash_banks = 1U;

/* A Cortex-M0+ has no cycle counter, and counting the overflows of SysTick would put interrupts into what is measured.
 * TIM2 has 32 bits and the core's clock. */
static void count_cycles(void)
{
    mt_stm32_enable(&RCC_APBENR1, CLOCK_TIM2);
    TIM2_CR1 = 1U;
}

void mt_port_clock_init(void)
{
    const uint32_t kept = FLASH_ACR & ~ACR_LATENCY;
    mt_stm32_flash_access(&FLASH_ACR, kept | ACR_PREFETCH | ACR_CACHE | MT_FLASH_WAIT_STATES, ACR_LATENCY);
    RCC_CR |= HSI_ON;
    mt_stm32_wait_for(&RCC_CR, HSI_READY);
    RCC_PLLCFGR = PLL_R_BY_2 | PLL_N << 8 | PLL_FROM_HSI16;
    RCC_CR |= PLL_ON;
    mt_stm32_wait_for(&RCC_CR, PLL_READY);
    RCC_CFGR |= CLOCK_FROM_PLL;
    while ((RCC_CFGR >> 3 & 7U) != CLOCK_FROM_PLL) {
    }
    count_cycles();
}

uint32_t mt_port_cycles(void)
{
    return TIM2_CNT;
}

uint32_t mt_stm32_flash_page_bytes(void)
{
    return 2048U;
}

void mt_stm32_flash_caches(bool on)
{
    mt_stm32_flash_caches_of(&FLASH_ACR, ACR_CACHE, ACR_CACHE_RESET, on);
}

const mt_memory_setting mt_port_memory_settings[] = {
    {"flash-wait-states", &FLASH_ACR, 0U, ACR_LATENCY},
    {"flash-prefetch", &FLASH_ACR, 8U, 1U},
    {"flash-instruction-cache", &FLASH_ACR, 9U, 1U},
    MT_NO_MORE_SETTINGS,
};
