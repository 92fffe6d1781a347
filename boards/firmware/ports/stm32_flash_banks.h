/* A flash in two banks of equal sectors, programmed by words of 256 bits: STM32H742, H743, H753 (RM0433 chapter 4). */
#ifndef MT_STM32_FLASH_BANKS_H
#define MT_STM32_FLASH_BANKS_H

#include "stm32.h"

#define FLASH_ACR REGISTER(0x52002000U)

#endif
