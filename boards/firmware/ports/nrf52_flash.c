/* The flash of the nRF52840 (product specification, chapter "NVMC"), for the loader: pages of 4 KiB, words. */
#include "flash_sectors.h"
#include "nrf52_flash.h"
#include "port.h"

#define NVMC_READY REGISTER(0x4001E400U)
#define NVMC_CONFIG REGISTER(0x4001E504U)
#define NVMC_ERASEPAGE REGISTER(0x4001E508U)
#define FICR_CODEPAGESIZE REGISTER(0x10000010U)
#define FICR_CODESIZE REGISTER(0x10000014U)

#define READ_ONLY 0U
#define WRITE_ENABLED 1U
#define ERASE_ENABLED 2U

static void wait_until_ready(void)
{
    while (!NVMC_READY) {
    }
}

static void enable(uint32_t operation)
{
    wait_until_ready();
    NVMC_CONFIG = operation;
    wait_until_ready();
}

bool mt_port_flash_is_as_described(void)
{
    return FICR_CODEPAGESIZE == MT_FLASH_PAGE_BYTES && FICR_CODESIZE == MT_FLASH_BYTES / MT_FLASH_PAGE_BYTES;
}

/* The chip reports no errors: the loader compares what it has written. */
bool mt_port_flash_erase(uint32_t address)
{
    enable(ERASE_ENABLED);
    NVMC_ERASEPAGE = mt_flash_sector_of(address).start;
    enable(READ_ONLY);
    return true;
}

bool mt_port_flash_program(uint32_t address, const uint32_t *words, uint32_t count)
{
    enable(WRITE_ENABLED);
    for (uint32_t i = 0; i < count; i++) {
        if (words[i] != UINT32_MAX) {
            *(volatile uint32_t *)(address + 4U * i) = words[i];
            wait_until_ready();
        }
    }
    enable(READ_ONLY);
    return true;
}

bool mt_port_flash_acknowledge_ecc(void)
{
    return false; /* This flash has no error correction. */
}
