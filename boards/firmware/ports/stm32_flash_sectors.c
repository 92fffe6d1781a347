#include "stm32_flash_sectors.h"

#include "flash_sectors.h"
#include "port.h"

#define FLASH_KEYR REGISTER(0x40023C04U)
#define FLASH_SR REGISTER(0x40023C0CU)
#define FLASH_CR REGISTER(0x40023C10U)

#define KEY_1 0x45670123U
#define KEY_2 0xCDEF89ABU
#define CR_PROGRAM (1U << 0)
#define CR_ERASE_SECTOR (1U << 1)
#define CR_SECTOR_SHIFT 3U
#define CR_WORDS (2U << 8) /* PSIZE: 32 bits at once, which 2.7 V and more carry */
#define CR_START (1U << 16)
#define CR_LOCK (1U << 31)
#define SR_BUSY (1U << 16)
#define SR_DONE 1U

static void wait_until_idle(void)
{
    while (FLASH_SR & SR_BUSY) {
    }
}

static void begin(void)
{
    wait_until_idle();
    if (FLASH_CR & CR_LOCK) {
        FLASH_KEYR = KEY_1;
        FLASH_KEYR = KEY_2;
    }
    FLASH_SR = mt_stm32_flash_errors | SR_DONE; /* flags of an earlier operation would be taken for this one's */
    mt_stm32_flash_caches(false);
}

static bool end(void)
{
    wait_until_idle();
    const bool succeeded = !(FLASH_SR & mt_stm32_flash_errors);
    FLASH_CR = CR_LOCK;
    mt_stm32_flash_caches(true);
    return succeeded;
}

bool mt_port_flash_is_as_described(void)
{
    return *(volatile uint16_t *)mt_stm32_flash_size_at == MT_FLASH_BYTES / 1024U;
}

bool mt_port_flash_erase(uint32_t address)
{
    const uint32_t chosen = CR_ERASE_SECTOR | CR_WORDS | mt_flash_sector_of(address).number << CR_SECTOR_SHIFT;
    begin();
    FLASH_CR = chosen;
    FLASH_CR = chosen | CR_START;
    __asm volatile("dsb" ::: "memory"); /* BUSY must be seen */
    return end();
}

bool mt_port_flash_program(uint32_t address, const uint32_t *words, uint32_t count)
{
    volatile uint32_t *to = (volatile uint32_t *)address;
    bool succeeded = true;
    begin();
    FLASH_CR = CR_PROGRAM | CR_WORDS;
    for (uint32_t i = 0; i < count && succeeded; i++) {
        to[i] = words[i];
        __asm volatile("dsb" ::: "memory");
        wait_until_idle();
        succeeded = !(FLASH_SR & mt_stm32_flash_errors);
    }
    return end() && succeeded;
}

/* This flash has no error correction. */
bool mt_port_flash_acknowledge_ecc(void)
{
    return false;
}
