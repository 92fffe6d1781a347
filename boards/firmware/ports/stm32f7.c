/*
 * STM32F74x, STM32F75x (RM0385): up to 216 MHz from HSI and PLL.
 *
 * Programs run from 0x08000000, over AXI and the core's caches. At 0x00200000 the same flash could be read over ITCM
 * and the ART accelerator, but is not written there: one address for both is simpler, and the data cache keeps RAM, too.
 */
#include "port.h"

#include "cortex_m7.h"
#include "dwt.h"
#include "stm32_flash_sectors.h"
#include "stm32_usart_v2.h"
#include "stm32f4_clock.h"

#define WITHOUT_OVER_DRIVE_HZ 180000000U /* voltage scale 1, the one after reset */

/* RM0385 table "Number of wait states according to CPU clock frequency": one per 30 MHz from 2.7 V on. */
_Static_assert(MT_FLASH_WAIT_STATES == (MT_CLOCK_HZ - 1U) / 30000000U, "wait states of the manual");

enum { USART2_IRQ = 38, USART3_IRQ = 39 };
#define USART2_FACTS {0x40004400U, &RCC_APB1ENR, 1U << 17, 7U, APB1_DIVIDER, 1U, USART2_IRQ}
#define USART3_FACTS {0x40004800U, &RCC_APB1ENR, 1U << 18, 7U, APB1_DIVIDER, 1U, USART3_IRQ}

const mt_stm32_facts mt_stm32_chip = {0x40020000U, &RCC_AHB1ENR, 0x1FF0F420U, MT_CONSOLE_FACTS};

MT_PORT_VECTORS const mt_vector mt_port_vectors[] = {[MT_CONSOLE_IRQ] = mt_stm32_console_handler};

const uint32_t mt_stm32_flash_errors = 0xF2U; /* OPERR, WRPERR, PGAERR, PGPERR, ERSERR */
const uint32_t mt_stm32_flash_size_at = 0x1FF0F442U;

void mt_port_clock_init(void)
{
    mt_core_caches_on();
    mt_stm32f4_clock_init(MT_FLASH_WAIT_STATES, WITHOUT_OVER_DRIVE_HZ);
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
    {"flash-wait-states", &FLASH_ACR, 0U, 15U},
    {"flash-prefetch", &FLASH_ACR, 8U, 1U},
    {"flash-art", &FLASH_ACR, 9U, 1U},
    MT_CORE_CACHE_SETTINGS,
    MT_NO_MORE_SETTINGS,
};
