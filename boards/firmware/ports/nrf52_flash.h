/* The flash of the nRF52840 and its cache for code (product specification, chapter "NVMC"). */
#ifndef MT_NRF52_FLASH_H
#define MT_NRF52_FLASH_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define NVMC_ICACHECNF REGISTER(0x4001E540U)
#define NVMC_CACHE_ON 1U

#endif
