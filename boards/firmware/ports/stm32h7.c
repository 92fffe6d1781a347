/* STM32H742, H743, H753 (RM0433): up to 400 MHz from HSI and PLL, the core supplied by the LDO. */
#include "port.h"

#include "cortex_m7.h"
#include "dwt.h"
#include "stm32_flash_banks.h"
#include "stm32_usart_v2.h"

#define RCC_CR REGISTER(0x58024400U)
#define RCC_CFGR REGISTER(0x58024410U)
#define RCC_D1CFGR REGISTER(0x58024418U)
#define RCC_D2CFGR REGISTER(0x5802441CU)
#define RCC_D3CFGR REGISTER(0x58024420U)
#define RCC_PLLCKSELR REGISTER(0x58024428U)
#define RCC_PLLCFGR REGISTER(0x5802442CU)
#define RCC_PLL1DIVR REGISTER(0x58024430U)
#define RCC_AHB4ENR REGISTER(0x580244E0U)
#define RCC_APB1LENR REGISTER(0x580244E8U)
#define PWR_CSR1 REGISTER(0x58024804U)
#define PWR_CR3 REGISTER(0x5802480CU)
#define PWR_D3CR REGISTER(0x58024818U)

/* CR3: which regulator there is must be said once after power-on, or the voltage cannot be raised (RM0433 6.4.1). */
#define SUPPLIES (7U << 0) /* BYPASS, LDOEN, SCUEN */
#define SUPPLY_LDO (1U << 1)
#define VOLTAGE_IS_ACTIVE (1U << 13)
#define VOLTAGE_SCALE_1 (3U << 14)
#define VOLTAGE_IS_READY (1U << 13)

/* HSI, 64 MHz, / 16 x N / 2; the PLL takes 4 MHz, and its wide VCO gives 192 to 836 MHz (RM0433 8.5.5). */
#define PLL_N (MT_CLOCK_HZ / 2000000U)
#define PLL_SOURCE_AND_DIVIDER 0x3F3U
#define PLL_FROM_HSI_BY_16 (16U << 4)
#define PLL_FRACTION_RANGE_AND_VCO 0xFU
#define PLL_INPUT_4_TO_8_MHZ (2U << 2)
#define PLL_P_ENABLE (1U << 16)
#define PLL_P_BY_2 (1U << 9)
#define HSI_ON (1U << 0)
#define HSI_READY (1U << 2)
#define PLL_ON (1U << 24)
#define PLL_READY (1U << 25)
#define CLOCK_FROM_PLL 3U

/* The AXI bus, and with it the flash, at half the core's clock, and all four APBs at half of that. */
#define D1_BUS_BY_2_APB3_BY_2 (8U << 0 | 4U << 4)
#define D2_APB1_BY_2_APB2_BY_2 (4U << 4 | 4U << 8)
#define D3_APB4_BY_2 (4U << 4)
#define AXI_HZ (MT_CLOCK_HZ / 2U)
#define APB_DIVIDER 4U

_Static_assert(PLL_N * 2000000U == MT_CLOCK_HZ && PLL_N >= 96U && PLL_N <= 200U, "192 to 400 MHz in steps of 2");
/* RM0433 table "FLASH recommended number of wait states and programming delay": at scale 1 one per 70 MHz. */
_Static_assert(MT_FLASH_WAIT_STATES == (AXI_HZ - 1U) / 70000000U, "wait states of the manual");
#define ACR_LATENCY 15U
#define ACR_DELAY_ABOVE_185_MHZ (2U << 4)

enum { USART2_IRQ = 38, USART3_IRQ = 39 };
#define USART2_FACTS {0x40004400U, &RCC_APB1LENR, 1U << 17, 7U, APB_DIVIDER, 1U, USART2_IRQ}
#define USART3_FACTS {0x40004800U, &RCC_APB1LENR, 1U << 18, 7U, APB_DIVIDER, 1U, USART3_IRQ}

const mt_stm32_facts mt_stm32_chip = {0x58020000U, &RCC_AHB4ENR, 0x1FF1E800U, MT_CONSOLE_FACTS};

MT_PORT_VECTORS const mt_vector mt_port_vectors[] = {[MT_CONSOLE_IRQ] = mt_stm32_console_handler};

static void raise_voltage(void)
{
    PWR_CR3 = (PWR_CR3 & ~SUPPLIES) | SUPPLY_LDO;
    mt_stm32_wait_for(&PWR_CSR1, VOLTAGE_IS_ACTIVE);
    PWR_D3CR |= VOLTAGE_SCALE_1;
    mt_stm32_wait_for(&PWR_D3CR, VOLTAGE_IS_READY);
}

static void start_pll(void)
{
    RCC_CR |= HSI_ON;
    mt_stm32_wait_for(&RCC_CR, HSI_READY);
    RCC_PLLCKSELR = (RCC_PLLCKSELR & ~PLL_SOURCE_AND_DIVIDER) | PLL_FROM_HSI_BY_16;
    RCC_PLLCFGR = (RCC_PLLCFGR & ~PLL_FRACTION_RANGE_AND_VCO) | PLL_INPUT_4_TO_8_MHZ | PLL_P_ENABLE;
    RCC_PLL1DIVR = (PLL_N - 1U) | PLL_P_BY_2;
    RCC_CR |= PLL_ON;
    mt_stm32_wait_for(&RCC_CR, PLL_READY);
}

void mt_port_clock_init(void)
{
    mt_core_caches_on();
    raise_voltage();
    mt_stm32_flash_access(&FLASH_ACR, ACR_DELAY_ABOVE_185_MHZ | MT_FLASH_WAIT_STATES, ACR_LATENCY);
    start_pll();
    RCC_D1CFGR = D1_BUS_BY_2_APB3_BY_2;
    RCC_D2CFGR = D2_APB1_BY_2_APB2_BY_2;
    RCC_D3CFGR = D3_APB4_BY_2;
    RCC_CFGR |= CLOCK_FROM_PLL;
    while ((RCC_CFGR >> 3 & 7U) != CLOCK_FROM_PLL) {
    }
    mt_dwt_start();
}

/* Stores go through the data cache, which keeps what they would have made of a line, done or not. */
void mt_stm32_flash_caches(bool on)
{
    if (on) {
        mt_core_data_cache_flush();
    }
}

const mt_memory_setting mt_port_memory_settings[] = {
    {"flash-wait-states", &FLASH_ACR, 0U, ACR_LATENCY},
    MT_CORE_CACHE_SETTINGS,
    MT_NO_MORE_SETTINGS,
};
