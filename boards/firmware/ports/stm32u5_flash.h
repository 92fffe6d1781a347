/* The flash of the STM32U575 in two banks of pages, programmed by four words, and the cache in front of it (RM0456). */
#ifndef MT_STM32U5_FLASH_H
#define MT_STM32U5_FLASH_H

#include "stm32.h"

#define FLASH_ACR REGISTER(0x40022000U)
#define FLASH_OPTR REGISTER(0x40022040U)
#define ICACHE_CR REGISTER(0x40030400U)
#define ICACHE_ON 1U

/* Switch the cache on, or off and empty it. */
void mt_stm32u5_cache(bool on);

#endif
