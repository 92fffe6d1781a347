/* STM32F4 (RM0390, RM0368): up to 180 MHz from HSI and PLL. */
#include "port.h"

#include "dwt.h"
#include "stm32_flash_sectors.h"
#include "stm32_usart_v1.h"

#define RCC_CR REGISTER(0x40023800U)
#define RCC_PLLCFGR REGISTER(0x40023804U)
#define RCC_CFGR REGISTER(0x40023808U)
#define RCC_AHB1ENR REGISTER(0x40023830U)
#define RCC_APB1ENR REGISTER(0x40023840U)
#define PWR_CR REGISTER(0x40007000U)
#define PWR_CSR REGISTER(0x40007004U)

#define CLOCK_PWR (1U << 28)

/* HSI, not the 8 MHz of the ST-LINK: those come over solder bridges that differ between revisions of the kit
 * (UM1724, OSC clock), and stop with the ST-LINK. HSI / 8 x N / 2, the VCO (HSI / 8 x N) between 100 and 432 MHz. */
#define PLL_N (MT_CLOCK_HZ / 1000000U)
#define PLL_FROM_HSI_BY_8 8U
#define PLL_N_SHIFT 6U
#define PLL_Q_8_R_2 (8U << 24 | 2U << 28) /* for USB and the like; unused */
#define HSI_ON (1U << 0)
#define HSI_READY (1U << 1)
#define PLL_ON (1U << 24)
#define PLL_READY (1U << 25)
#define CLOCK_FROM_PLL 2U
/* APB1 carries 42 to 50 MHz at most and APB2 twice that, by chip (RM0390 section 6.2, RM0368 section 6.2). */
#define APB1_DIVIDER 4U
#define APB1_BY_4_APB2_BY_2 (5U << 10 | 4U << 13)

#define OVER_DRIVE_ON (1U << 16)
#define OVER_DRIVE_SWITCH (1U << 17)
#define WITHOUT_OVER_DRIVE_HZ 168000000U /* voltage scale 1 */

_Static_assert(PLL_N * 1000000U == MT_CLOCK_HZ && PLL_N >= 50U && PLL_N <= 180U, "50 to 180 MHz in whole MHz");
/* RM0390 table "Number of wait states according to CPU clock frequency": one per 30 MHz from 2.7 V on. */
_Static_assert(MT_FLASH_WAIT_STATES == (MT_CLOCK_HZ - 1U) / 30000000U, "wait states of the manual");

#define ACR_PREFETCH (1U << 8)
#define ACR_CACHES (3U << 9) /* for instructions and for data */
#define ACR_CACHES_RESET (3U << 11)
#define ACR_LATENCY 15U

enum { USART2_IRQ = 38, USART3_IRQ = 39 };
#define USART2_FACTS {0x40004400U, &RCC_APB1ENR, 1U << 17, 7U, APB1_DIVIDER, 1U, USART2_IRQ}
#define USART3_FACTS {0x40004800U, &RCC_APB1ENR, 1U << 18, 7U, APB1_DIVIDER, 1U, USART3_IRQ}

const mt_stm32_facts mt_stm32_chip = {0x40020000U, &RCC_AHB1ENR, 0x1FFF7A10U, MT_CONSOLE_FACTS};

MT_PORT_VECTORS const mt_vector mt_port_vectors[] = {[MT_CONSOLE_IRQ] = mt_stm32_console_handler};

const uint32_t mt_stm32_flash_errors = 0x1F2U; /* OPERR, WRPERR, PGAERR, PGPERR, PGSERR, RDERR */
const uint32_t mt_stm32_flash_size_at = 0x1FFF7A22U;

/* RM0390, power control, "Entering Over-drive mode": while the core still runs from HSI and the PLL starts. */
static void over_drive(void)
{
    mt_stm32_enable(&RCC_APB1ENR, CLOCK_PWR);
    PWR_CR |= OVER_DRIVE_ON;
    mt_stm32_wait_for(&PWR_CSR, OVER_DRIVE_ON);
    PWR_CR |= OVER_DRIVE_SWITCH;
    mt_stm32_wait_for(&PWR_CSR, OVER_DRIVE_SWITCH);
}

void mt_port_clock_init(void)
{
    RCC_CR |= HSI_ON;
    mt_stm32_wait_for(&RCC_CR, HSI_READY);
    RCC_PLLCFGR = PLL_FROM_HSI_BY_8 | PLL_N << PLL_N_SHIFT | PLL_Q_8_R_2;
    RCC_CR |= PLL_ON;
    if (MT_CLOCK_HZ > WITHOUT_OVER_DRIVE_HZ) {
        over_drive();
    }
    mt_stm32_flash_access(&FLASH_ACR, ACR_PREFETCH | ACR_CACHES | MT_FLASH_WAIT_STATES, ACR_LATENCY);
    mt_stm32_wait_for(&RCC_CR, PLL_READY);
    RCC_CFGR = APB1_BY_4_APB2_BY_2;
    RCC_CFGR = APB1_BY_4_APB2_BY_2 | CLOCK_FROM_PLL;
    while ((RCC_CFGR >> 2 & 3U) != CLOCK_FROM_PLL) {
    }
    mt_dwt_start();
}

void mt_stm32_flash_caches(bool on)
{
    mt_stm32_flash_caches_of(&FLASH_ACR, ACR_CACHES, ACR_CACHES_RESET, on);
}

const mt_memory_setting mt_port_memory_settings[] = {MT_STM32_ART_SETTINGS, MT_NO_MORE_SETTINGS};
