/* A flash in unequal sectors, programmed by words: STM32F4 (RM0390 chapter 3) and F7 (RM0385 chapter 3). */
#ifndef MT_STM32_FLASH_SECTORS_H
#define MT_STM32_FLASH_SECTORS_H

#include "stm32.h"

#define FLASH_ACR REGISTER(0x40023C00U)

/* Supplied by the port: the error flags of FLASH_SR, and the address of the flash's size in KiB. */
extern const uint32_t mt_stm32_flash_errors, mt_stm32_flash_size_at;

#endif
