#include "stm32_console.h"

#include "console.h"
#include "port.h"

#define NVIC_ISER ((volatile uint32_t *)0xE000E100U)
#define NVIC_ICPR ((volatile uint32_t *)0xE000E280U)

void mt_port_console_init(void)
{
    const mt_stm32_uart *uart = &mt_stm32_chip.console;
    mt_stm32_enable(uart->clocks, uart->clock_bit);
    mt_stm32_pin_to_function(MT_CONSOLE_TX_PORT, MT_CONSOLE_TX_PIN, uart->function);
    mt_stm32_pin_to_function(MT_CONSOLE_RX_PORT, MT_CONSOLE_RX_PIN, uart->function);
    mt_stm32_usart_set_up(mt_stm32_console_divider(MT_CONSOLE_BAUD));
    mt_port_console_interrupt(true);
    NVIC_ISER[uart->irq / 32U] = 1U << uart->irq % 32U;
}

void mt_stm32_console_handler(void)
{
    uint8_t byte;
    while (mt_port_console_take(&byte)) {
        mt_console_received(byte);
    }
}

void mt_stm32_console_forget_interrupt(void)
{
    const uint32_t irq = mt_stm32_chip.console.irq;
    NVIC_ICPR[irq / 32U] = 1U << irq % 32U;
}

uint32_t mt_stm32_console_divider(uint32_t baud)
{
    const uint32_t clock_hz = MT_CLOCK_HZ / mt_stm32_chip.console.clock_divider;
    const uint32_t per_bit = mt_stm32_chip.console.brr_per_bit;
    return per_bit * (clock_hz / baud) + (per_bit * (clock_hz % baud) + baud / 2U) / baud;
}
