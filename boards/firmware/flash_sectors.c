#include "flash_sectors.h"

#ifdef MT_FLASH_SECTORS

static const uint32_t sector_bytes[] = {MT_FLASH_SECTORS};

mt_flash_sector mt_flash_sector_of(uint32_t address)
{
    mt_flash_sector sector = {0U, MT_FLASH_ORIGIN};
    while (address - sector.start >= sector_bytes[sector.number]) {
        sector.start += sector_bytes[sector.number];
        sector.number++;
    }
    return sector;
}

#else

mt_flash_sector mt_flash_sector_of(uint32_t address)
{
    const uint32_t page = (address - MT_FLASH_ORIGIN) / MT_FLASH_PAGE_BYTES;
    return (mt_flash_sector){page, MT_FLASH_ORIGIN + page * MT_FLASH_PAGE_BYTES};
}

#endif
