#include "stm32_usart_v2.h"

#include "port.h"

typedef struct {
    volatile uint32_t cr1, cr2, cr3, brr, gtpr, rtor, rqr, isr, icr, rdr, tdr;
} usart;

#define CONSOLE ((usart *)mt_stm32_chip.console.base)
#define ON 0xDU /* UE, RE, TE */
#define RX_INTERRUPT (1U << 5)
#define IGNORE_OVERRUN (1U << 12)
#define RECEIVED (1U << 5)
#define SENT (1U << 6)
#define HAS_ROOM (1U << 7)

void mt_stm32_usart_set_up(uint32_t divider)
{
    CONSOLE->brr = divider;
    CONSOLE->cr3 = IGNORE_OVERRUN; /* a lost byte spoils one command, not the line */
}

bool mt_port_console_take(uint8_t *byte)
{
    if (!(CONSOLE->isr & RECEIVED)) {
        return false;
    }
    *byte = (uint8_t)CONSOLE->rdr;
    return true;
}

void mt_port_console_interrupt(bool enabled)
{
    CONSOLE->cr1 = ON | (enabled ? RX_INTERRUPT : 0U);
    mt_stm32_console_forget_interrupt();
}

void mt_port_console_speed(uint32_t baud)
{
    CONSOLE->cr1 = 0U; /* BRR may be written only while the UART is off */
    CONSOLE->brr = mt_stm32_console_divider(baud);
    CONSOLE->cr1 = ON;
}

void mt_port_console_put(char byte)
{
    mt_stm32_wait_for(&CONSOLE->isr, HAS_ROOM);
    CONSOLE->tdr = (uint8_t)byte;
}

void mt_port_console_flush(void)
{
    mt_stm32_wait_for(&CONSOLE->isr, SENT);
}
