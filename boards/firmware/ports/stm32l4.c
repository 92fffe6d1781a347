/* STM32L4x5, STM32L4x6 (RM0351): up to 80 MHz from HSI16 and PLL; console on USART2, PA2 and PA3. */
#include "port.h"
#include "stm32l4_family.h"

#define GPIOA_MODER REGISTER(0x48000000U)
#define GPIOA_AFRL REGISTER(0x48000020U)

enum { USART2_IRQ = 38 };

/* RM0351 section 3.3.3: one wait state per 16 MHz in voltage range 1, the range after reset (section 5.4.1). */
_Static_assert(MT_FLASH_WAIT_STATES == (MT_CLOCK_HZ - 1U) / 16000000U, "wait states of the manual");

_Static_assert(PLL_MULTIPLIES_TO_THE_CLOCK && PLL_N >= 8U && PLL_N <= 10U, "64, 72 or 80 MHz");

mt_stm32l4_uart *const mt_stm32l4_console = (mt_stm32l4_uart *)0x40004400U;
const uint32_t mt_stm32l4_console_irq = USART2_IRQ;

MT_PORT_VECTORS const mt_vector mt_port_vectors[] = {[USART2_IRQ] = mt_stm32l4_console_handler};

void mt_port_clock_init(void)
{
    mt_stm32l4_flash_access(MT_FLASH_WAIT_STATES);
    mt_stm32l4_pll_start();
    mt_stm32l4_clock_from_pll();
    mt_stm32l4_count_cycles();
}

uint32_t mt_stm32l4_divider(uint32_t baud)
{
    return (MT_CLOCK_HZ + baud / 2U) / baud;
}

uint32_t mt_stm32l4_page_bytes(void)
{
    return 2048U;
}

void mt_port_console_init(void)
{
    RCC_AHB2ENR |= 1U;         /* GPIOA */
    RCC_APB1ENR1 |= 1U << 17;  /* USART2 */
    GPIOA_AFRL = (GPIOA_AFRL & ~0xFF00U) | 0x7700U;  /* PA2, PA3: AF7 */
    GPIOA_MODER = (GPIOA_MODER & ~0xF0U) | 0xA0U;    /* alternate function */
    mt_stm32l4_console_open();
}
