/* STM32F4 (RM0390, RM0368): up to 180 MHz from HSI and PLL. */
#include "port.h"

#include "dwt.h"
#include "stm32_flash_sectors.h"
#include "stm32_usart_v1.h"
#include "stm32f4_clock.h"

#define WITHOUT_OVER_DRIVE_HZ 168000000U /* voltage scale 1, the one after reset */

_Static_assert(MT_CLOCK_HZ <= 180000000U, "180 MHz at most");
/* RM0390 table "Number of wait states according to CPU clock frequency": one per 30 MHz from 2.7 V on. */
_Static_assert(MT_FLASH_WAIT_STATES == (MT_CLOCK_HZ - 1U) / 30000000U, "wait states of the manual");

#define ACR_PREFETCH (1U << 8)
#define ACR_CACHES (3U << 9) /* for instructions and for data */
#define ACR_CACHES_RESET (3U << 11)

enum { USART2_IRQ = 38, USART3_IRQ = 39 };
#define USART2_FACTS {0x40004400U, &RCC_APB1ENR, 1U << 17, 7U, APB1_DIVIDER, 1U, USART2_IRQ}
#define USART3_FACTS {0x40004800U, &RCC_APB1ENR, 1U << 18, 7U, APB1_DIVIDER, 1U, USART3_IRQ}

const mt_stm32_facts mt_stm32_chip = {0x40020000U, &RCC_AHB1ENR, 0x1FFF7A10U, MT_CONSOLE_FACTS};

MT_PORT_VECTORS const mt_vector mt_port_vectors[] = {[MT_CONSOLE_IRQ] = mt_stm32_console_handler};

const uint32_t mt_stm32_flash_errors = 0x1F2U; /* OPERR, WRPERR, PGAERR, PGPERR, PGSERR, RDERR */
const uint32_t mt_stm32_flash_size_at = 0x1FFF7A22U;

void mt_port_clock_init(void)
{
    mt_stm32f4_clock_init(ACR_PREFETCH | ACR_CACHES | MT_FLASH_WAIT_STATES, WITHOUT_OVER_DRIVE_HZ);
    mt_dwt_start();
}

void mt_stm32_flash_caches(bool on)
{
    mt_stm32_flash_caches_of(&FLASH_ACR, ACR_CACHES, ACR_CACHES_RESET, on);
}

const mt_memory_setting mt_port_memory_settings[] = {MT_STM32_ART_SETTINGS, MT_NO_MORE_SETTINGS};
