/* A flash in pages of equal size, programmed by double words: STM32L4 (RM0351), L4+ (RM0432), G0 (RM0444), chapters 3. */
#ifndef MT_STM32_FLASH_PAGES_H
#define MT_STM32_FLASH_PAGES_H

#include "stm32.h"

#define FLASH_ACR REGISTER(0x40022000U)
#define FLASH_OPTR REGISTER(0x40022020U)

/* Supplied by the port: flags of FLASH_SR while the flash works, and into how many banks it is divided. */
extern const uint32_t mt_stm32_flash_busy, mt_stm32_flash_banks;

/* Supplied by the port: bytes of a page, as the chip is configured. */
uint32_t mt_stm32_flash_page_bytes(void);

#endif
