#include "stm32_usart_v1.h"

#include "port.h"

typedef struct {
    volatile uint32_t sr, dr, brr, cr1, cr2, cr3, gtpr;
} usart;

#define CONSOLE ((usart *)mt_stm32_chip.console.base)
#define ON 0x200CU /* UE, TE, RE */
#define RX_INTERRUPT (1U << 5)
#define OVERRUN (1U << 3)
#define RECEIVED (1U << 5)
#define SENT (1U << 6)
#define HAS_ROOM (1U << 7)

void mt_stm32_usart_set_up(uint32_t divider)
{
    CONSOLE->brr = divider;
}

bool mt_port_console_take(uint8_t *byte)
{
    const uint32_t status = CONSOLE->sr;
    if (!(status & (RECEIVED | OVERRUN))) {
        return false;
    }
    *byte = (uint8_t)CONSOLE->dr; /* which ends an overrun, too: otherwise it would interrupt for ever */
    return status & RECEIVED;
}

void mt_port_console_interrupt(bool enabled)
{
    CONSOLE->cr1 = ON | (enabled ? RX_INTERRUPT : 0U);
    mt_stm32_console_forget_interrupt();
}

void mt_port_console_speed(uint32_t baud)
{
    CONSOLE->cr1 = 0U;
    CONSOLE->brr = mt_stm32_console_divider(baud);
    CONSOLE->cr1 = ON;
}

void mt_port_console_put(char byte)
{
    mt_stm32_wait_for(&CONSOLE->sr, HAS_ROOM);
    CONSOLE->dr = (uint8_t)byte;
}

void mt_port_console_flush(void)
{
    mt_stm32_wait_for(&CONSOLE->sr, SENT);
}
