/* The flash of the STM32G071 (RM0444 chapter 3), for the loader: pages of 2 KiB in one bank, double words. */
#include "flash_sectors.h"
#include "port.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define FLASH_ACR REGISTER(0x40022000U)
#define FLASH_KEYR REGISTER(0x40022008U)
#define FLASH_SR REGISTER(0x40022010U)
#define FLASH_CR REGISTER(0x40022014U)
#define FLASH_ECCR REGISTER(0x40022018U)
#define FLASH_SIZE_KIB (REGISTER(0x1FFF75E0U) & 0xFFFFU)

#define KEY_1 0x45670123U
#define KEY_2 0xCDEF89ABU
#define CR_PROGRAM (1U << 0)
#define CR_ERASE_PAGE (1U << 1)
#define CR_PAGE_SHIFT 3U
#define CR_START (1U << 16)
#define CR_LOCK (1U << 31)
#define SR_BUSY (1U << 16 | 1U << 18) /* BSY1, and CFGBSY while what was stored is taken */
#define SR_ERRORS 0xC3FAU /* OPERR, PROGERR, WRPERR, PGAERR, SIZERR, PGSERR, MISERR, FASTERR, RDERR, OPTVERR */
#define SR_DONE 1U
#define ACR_CACHE (1U << 9)
#define ACR_CACHE_RESET (1U << 11)
#define ECCR_TWO_BITS (1U << 31)

_Static_assert(MT_FLASH_PAGE_BYTES == 2048U, "pages of 2 KiB");

static void wait_until_idle(void)
{
    while (FLASH_SR & SR_BUSY) {
    }
}

/* Flags of an earlier operation would be taken for this one's, and some stop it from starting. */
static void begin(void)
{
    wait_until_idle();
    if (FLASH_CR & CR_LOCK) {
        FLASH_KEYR = KEY_1;
        FLASH_KEYR = KEY_2;
    }
    FLASH_SR = SR_ERRORS | SR_DONE;
    FLASH_ACR &= ~ACR_CACHE; /* it must not keep what is about to change */
}

static bool end(void)
{
    wait_until_idle();
    const bool succeeded = !(FLASH_SR & SR_ERRORS);
    FLASH_CR = CR_LOCK;
    FLASH_ACR |= ACR_CACHE_RESET;
    FLASH_ACR &= ~ACR_CACHE_RESET;
    FLASH_ACR |= ACR_CACHE;
    return succeeded;
}

bool mt_port_flash_is_as_described(void)
{
    return FLASH_SIZE_KIB == MT_FLASH_BYTES / 1024U;
}

bool mt_port_flash_erase(uint32_t address)
{
    const uint32_t chosen = CR_ERASE_PAGE | mt_flash_sector_of(address).number << CR_PAGE_SHIFT;
    begin();
    FLASH_CR = chosen;
    FLASH_CR = chosen | CR_START;
    return end();
}

bool mt_port_flash_program(uint32_t address, const uint32_t *words, uint32_t count)
{
    bool succeeded = true;
    begin();
    FLASH_CR = CR_PROGRAM;
    for (uint32_t i = 0; i < count && succeeded; i += 2U) {
        if ((words[i] & words[i + 1U]) == UINT32_MAX) {
            continue; /* as erased: leaves the double word programmable */
        }
        volatile uint32_t *at = (volatile uint32_t *)(address + 4U * i);
        at[0] = words[i];
        at[1] = words[i + 1U];
        wait_until_idle();
        succeeded = !(FLASH_SR & SR_ERRORS);
    }
    return end() && succeeded;
}

void mt_port_flash_acknowledge_ecc(void)
{
    FLASH_ECCR |= ECCR_TWO_BITS; /* cleared by writing 1 */
}
