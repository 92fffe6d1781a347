#include "stm32_flash_pages.h"

#include "port.h"

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
#define CR_SECOND_BANK (1U << 11)
#define CR_START (1U << 16)
#define CR_LOCK (1U << 31)
#define SR_ERRORS 0xC3FAU /* OPERR, PROGERR, WRPERR, PGAERR, SIZERR, PGSERR, MISERR, FASTERR, RDERR, OPTVERR */
#define SR_DONE 1U
#define ECCR_TWO_BITS (1U << 31)

static void wait_until_idle(void)
{
    while (FLASH_SR & mt_stm32_flash_busy) {
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
    mt_stm32_flash_caches(false);
}

static bool end(void)
{
    wait_until_idle();
    const bool succeeded = !(FLASH_SR & SR_ERRORS);
    FLASH_CR = CR_LOCK;
    mt_stm32_flash_caches(true);
    return succeeded;
}

bool mt_port_flash_is_as_described(void)
{
    return FLASH_SIZE_KIB == MT_FLASH_BYTES / 1024U && mt_stm32_flash_page_bytes() == MT_FLASH_PAGE_BYTES;
}

bool mt_port_flash_erase(uint32_t address)
{
    const uint32_t offset = address - MT_FLASH_ORIGIN;
    const uint32_t bank_bytes = MT_FLASH_BYTES / mt_stm32_flash_banks;
    const bool is_second_bank = offset >= bank_bytes;
    const uint32_t page = (is_second_bank ? offset - bank_bytes : offset) / MT_FLASH_PAGE_BYTES;
    const uint32_t chosen = CR_ERASE_PAGE | page << CR_PAGE_SHIFT | (is_second_bank ? CR_SECOND_BANK : 0U);
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

bool mt_port_flash_acknowledge_ecc(void)
{
    const bool reported = FLASH_ECCR & ECCR_TWO_BITS;
    FLASH_ECCR |= ECCR_TWO_BITS; /* cleared by writing 1 */
    return reported;
}
