/* Registers of the STM32F446 (RM0390) that the port and its flash functions share. */
#ifndef MT_STM32F4_REGISTERS_H
#define MT_STM32F4_REGISTERS_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define FLASH_ACR REGISTER(0x40023C00U)
#define ACR_PREFETCH (1U << 8)
#define ACR_INSTRUCTION_CACHE (1U << 9)
#define ACR_DATA_CACHE (1U << 10)
#define ACR_LATENCY 15U

#endif
