/* The newer USART, of all STM32 but F1, F2 and F4, and the LPUART: status in ISR, a data register for each direction. */
#ifndef MT_STM32_USART_V2_H
#define MT_STM32_USART_V2_H

#include "stm32_console.h"

#endif
