/* The flash as it is erased: in sectors, which are the pages of the board type or, on some chips, larger and unequal. */
#ifndef MT_FLASH_SECTORS_H
#define MT_FLASH_SECTORS_H

#include <stdint.h>

typedef struct {
    uint32_t number, start; /* `start` is its first address */
} mt_flash_sector;

/* The sector in which an address of the flash lies. */
mt_flash_sector mt_flash_sector_of(uint32_t address);

#endif
