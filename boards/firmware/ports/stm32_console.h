/* The console of an STM32 as far as it does not depend on the kind of USART; a port includes stm32_usart_v1.h or _v2.h. */
#ifndef MT_STM32_CONSOLE_H
#define MT_STM32_CONSOLE_H

#include "stm32.h"

/* Of the UART's interrupt. */
void mt_stm32_console_handler(void);

/* What BRR must hold. */
uint32_t mt_stm32_console_divider(uint32_t baud);

/* Let the NVIC forget the console's interrupt: of a byte that was taken while it was masked, it must not end the next
 * sleep. */
void mt_stm32_console_forget_interrupt(void);

/* Supplied by the kind of USART: set the speed, before it is switched on for the first time. */
void mt_stm32_usart_set_up(uint32_t divider);

#endif
