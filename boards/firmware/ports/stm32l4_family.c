/* Clock, console and cycle counter as STM32L4 and STM32L4+ share them. */
#include "stm32l4_family.h"

#include "console.h"
#include "port.h"

#define DEMCR REGISTER(0xE000EDFCU)
#define DWT_CTRL REGISTER(0xE0001000U)
#define DWT_CYCCNT REGISTER(0xE0001004U)
#define NVIC_ISER ((volatile uint32_t *)0xE000E100U)
#define NVIC_ICPR ((volatile uint32_t *)0xE000E280U)
#define UNIQUE_ID ((const uint8_t *)0x1FFF7590U)
#define UNIQUE_ID_BYTES 12U

#define FLASH_PREFETCH_AND_CACHES (7U << 8)
#define FLASH_LATENCY 15U

#define PLL_FROM_HSI16 2U
#define PLL_R_ENABLE (1U << 24)
#define HSI_ON (1U << 8)
#define HSI_READY (1U << 10)
#define PLL_ON (1U << 24)
#define PLL_READY (1U << 25)
#define CLOCK_FROM_PLL 3U

#define UART_ON 0xDU /* UE, RE, TE */
#define UART_RX_INTERRUPT (1U << 5)
#define UART_IGNORE_OVERRUN (1U << 12)
#define UART_RECEIVED (1U << 5)
#define UART_SENT (1U << 6)
#define UART_HAS_ROOM (1U << 7)

void mt_stm32l4_flash_access(uint32_t wait_states)
{
    FLASH_ACR = FLASH_PREFETCH_AND_CACHES | wait_states;
    while ((FLASH_ACR & FLASH_LATENCY) != wait_states) {
    }
}

void mt_stm32l4_pll_start(void)
{
    RCC_CR |= HSI_ON;
    while (!(RCC_CR & HSI_READY)) {
    }
    RCC_PLLCFGR = PLL_R_ENABLE | PLL_N << 8 | PLL_FROM_HSI16;
    RCC_CR |= PLL_ON;
    while (!(RCC_CR & PLL_READY)) {
    }
}

void mt_stm32l4_clock_from_pll(void)
{
    RCC_CFGR |= CLOCK_FROM_PLL;
    while ((RCC_CFGR >> 2 & 3U) != CLOCK_FROM_PLL) {
    }
}

void mt_stm32l4_count_cycles(void)
{
    DEMCR |= 1U << 24; /* TRCENA: power for the DWT */
    DWT_CYCCNT = 0U;
    DWT_CTRL |= 1U;
}

void mt_stm32l4_console_open(void)
{
    mt_stm32l4_console->brr = mt_stm32l4_divider(MT_CONSOLE_BAUD);
    mt_stm32l4_console->cr3 = UART_IGNORE_OVERRUN; /* a lost byte spoils one command, not the line */
    mt_port_console_interrupt(true);
    NVIC_ISER[mt_stm32l4_console_irq / 32U] = 1U << mt_stm32l4_console_irq % 32U;
}

void mt_stm32l4_console_handler(void)
{
    uint8_t byte;
    while (mt_port_console_take(&byte)) {
        mt_console_received(byte);
    }
}

bool mt_port_console_take(uint8_t *byte)
{
    if (!(mt_stm32l4_console->isr & UART_RECEIVED)) {
        return false;
    }
    *byte = (uint8_t)mt_stm32l4_console->rdr;
    return true;
}

void mt_port_console_interrupt(bool enabled)
{
    mt_stm32l4_console->cr1 = UART_ON | (enabled ? UART_RX_INTERRUPT : 0U);
    /* A byte that was taken while its interrupt was masked must not end the next sleep. */
    NVIC_ICPR[mt_stm32l4_console_irq / 32U] = 1U << mt_stm32l4_console_irq % 32U;
}

void mt_port_console_speed(uint32_t baud)
{
    mt_stm32l4_console->cr1 = 0U; /* BRR may be written only while the UART is off */
    mt_stm32l4_console->brr = mt_stm32l4_divider(baud);
    mt_stm32l4_console->cr1 = UART_ON;
}

void mt_port_console_put(char byte)
{
    while (!(mt_stm32l4_console->isr & UART_HAS_ROOM)) {
    }
    mt_stm32l4_console->tdr = (uint8_t)byte;
}

void mt_port_console_flush(void)
{
    while (!(mt_stm32l4_console->isr & UART_SENT)) {
    }
}

uint32_t mt_port_cycles(void)
{
    return DWT_CYCCNT;
}

uint32_t mt_port_device_id(uint8_t *id)
{
    for (uint32_t i = 0; i < UNIQUE_ID_BYTES; i++) {
        id[i] = UNIQUE_ID[i];
    }
    return UNIQUE_ID_BYTES;
}
