#include "stm32u5_flash.h"

#include "port.h"

#define FLASH_NSKEYR REGISTER(0x40022008U)
#define FLASH_NSSR REGISTER(0x40022020U)
#define FLASH_NSCR REGISTER(0x40022028U)
#define FLASH_ECCR REGISTER(0x40022030U)
#define FLASH_SIZE_KIB (REGISTER(0x0BFA07A0U) & 0xFFFFU)
#define ICACHE_SR REGISTER(0x40030404U)

#define KEY_1 0x45670123U
#define KEY_2 0xCDEF89ABU
#define CR_PROGRAM (1U << 0)
#define CR_ERASE_PAGE (1U << 1)
#define CR_PAGE_SHIFT 3U
#define CR_SECOND_BANK (1U << 11)
#define CR_START (1U << 16)
#define CR_LOCK (1U << 31)
#define SR_BUSY (1U << 16 | 1U << 17) /* BSY, and WDW while the four words are not complete */
#define SR_ERRORS 0x20FAU              /* OPERR, PROGERR, WRPERR, PGAERR, SIZERR, PGSERR, OPTWERR */
#define SR_DONE 1U
#define ECCR_TWO_BITS (1U << 31)
#define OPTR_TWO_BANKS (1U << 21)
#define ICACHE_BUSY 1U

#define BANK_BYTES (MT_FLASH_BYTES / 2U)
#define PROGRAMMED_WORDS 4U

_Static_assert(MT_FLASH_PAGE_BYTES == 8192U, "pages of 8 KiB");
_Static_assert(MT_FLASH_PROGRAM_BYTES == 4U * PROGRAMMED_WORDS, "four words at once");

/* Switching it off empties it. */
void mt_stm32u5_cache(bool on)
{
    if (!on) {
        ICACHE_CR &= ~ICACHE_ON;
    }
    while (ICACHE_SR & ICACHE_BUSY) {
    }
    if (on) {
        ICACHE_CR |= ICACHE_ON;
    }
}

static void wait_until_idle(void)
{
    while (FLASH_NSSR & SR_BUSY) {
    }
}

/* Flags of an earlier operation would be taken for this one's. The cache must not keep what is about to change. */
static void begin(void)
{
    wait_until_idle();
    if (FLASH_NSCR & CR_LOCK) {
        FLASH_NSKEYR = KEY_1;
        FLASH_NSKEYR = KEY_2;
    }
    FLASH_NSSR = SR_ERRORS | SR_DONE;
    mt_stm32u5_cache(false);
}

static bool end(void)
{
    wait_until_idle();
    const bool succeeded = !(FLASH_NSSR & SR_ERRORS);
    FLASH_NSCR = CR_LOCK;
    mt_stm32u5_cache(true);
    return succeeded;
}

bool mt_port_flash_is_as_described(void)
{
    return FLASH_SIZE_KIB == MT_FLASH_BYTES / 1024U && (FLASH_OPTR & OPTR_TWO_BANKS);
}

bool mt_port_flash_erase(uint32_t address)
{
    const uint32_t offset = address - MT_FLASH_ORIGIN;
    const uint32_t page = offset % BANK_BYTES / MT_FLASH_PAGE_BYTES;
    const uint32_t bank = offset >= BANK_BYTES ? CR_SECOND_BANK : 0U;
    const uint32_t chosen = CR_ERASE_PAGE | page << CR_PAGE_SHIFT | bank;
    begin();
    FLASH_NSCR = chosen;
    FLASH_NSCR = chosen | CR_START;
    return end();
}

static bool is_as_erased(const uint32_t *words)
{
    return (words[0] & words[1] & words[2] & words[3]) == UINT32_MAX;
}

bool mt_port_flash_program(uint32_t address, const uint32_t *words, uint32_t count)
{
    begin();
    FLASH_NSCR = CR_PROGRAM;
    for (uint32_t i = 0; i < count && !(FLASH_NSSR & SR_ERRORS); i += PROGRAMMED_WORDS) {
        if (is_as_erased(&words[i])) {
            continue; /* leaves the four words programmable */
        }
        volatile uint32_t *at = (volatile uint32_t *)(address + 4U * i);
        for (uint32_t word = 0; word < PROGRAMMED_WORDS; word++) {
            at[word] = words[i + word];
        }
        wait_until_idle();
    }
    return end();
}

bool mt_port_flash_acknowledge_ecc(void)
{
    const bool reported = FLASH_ECCR & ECCR_TWO_BITS;
    FLASH_ECCR |= ECCR_TWO_BITS; /* cleared by writing 1 */
    return reported;
}
