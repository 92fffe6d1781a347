/* The older USART, of STM32F4: status and data in one register each, flags cleared by reading them (RM0390 chapter 25). */
#ifndef MT_STM32_USART_V1_H
#define MT_STM32_USART_V1_H

#include "stm32_console.h"

#endif
