#include "stm32_flash_banks.h"

#include "flash_sectors.h"
#include "port.h"

typedef struct {
    volatile uint32_t reserved, keyr, optkeyr, cr, sr, ccr;
} bank;

#define FIRST_BANK 0x52002000U
#define SECOND_BANK 0x52002100U
#define BANK_BYTES (MT_FLASH_BYTES / 2U)
#define SECTOR_BYTES (128U * 1024U)
#define FLASH_OPTCR REGISTER(0x52002018U)
#define FLASH_SIZE_KIB (*(volatile uint16_t *)0x1FF1E880U)

#define KEY_1 0x45670123U
#define KEY_2 0xCDEF89ABU
#define CR_LOCK (1U << 0)
#define CR_PROGRAM (1U << 1)
#define CR_ERASE_SECTOR (1U << 2)
#define CR_FASTEST (3U << 4) /* PSIZE: 64 bits at once */
#define CR_START (1U << 7)
#define CR_SECTOR_SHIFT 8U
#define SR_WORKS 7U /* BSY, WBNE, QW */
#define SR_ERRORS 0x5EE0000U /* WRPERR, PGSERR, STRBERR, INCERR, OPERR, RDPERR, RDSERR, DBECCERR */
#define SR_TWO_BITS (1U << 26)
#define SR_DONE (1U << 16)
#define OPTCR_BANKS_SWAPPED (1U << 31)
#define WORDS_AT_ONCE 8U

_Static_assert(MT_FLASH_PROGRAM_BYTES == 4U * WORDS_AT_ONCE, "words of 256 bits");

static bank *bank_of(uint32_t address)
{
    return (bank *)(address - MT_FLASH_ORIGIN < BANK_BYTES ? FIRST_BANK : SECOND_BANK);
}

static void wait_until_idle(const bank *of)
{
    __asm volatile("dsb" ::: "memory"); /* what was stored must have arrived */
    while (of->sr & SR_WORKS) {
    }
}

static void begin(bank *of)
{
    wait_until_idle(of);
    if (of->cr & CR_LOCK) {
        of->keyr = KEY_1;
        of->keyr = KEY_2;
    }
    of->ccr = SR_ERRORS | SR_DONE; /* flags of an earlier operation would be taken for this one's */
    mt_stm32_flash_caches(false);
}

static bool end(bank *of)
{
    wait_until_idle(of);
    const bool succeeded = !(of->sr & SR_ERRORS);
    of->cr = CR_FASTEST;
    of->cr = CR_FASTEST | CR_LOCK;
    mt_stm32_flash_caches(true);
    return succeeded;
}

bool mt_port_flash_is_as_described(void)
{
    return FLASH_SIZE_KIB == MT_FLASH_BYTES / 1024U && !(FLASH_OPTCR & OPTCR_BANKS_SWAPPED);
}

bool mt_port_flash_erase(uint32_t address)
{
    bank *of = bank_of(address);
    const uint32_t sector = (address - MT_FLASH_ORIGIN) % BANK_BYTES / SECTOR_BYTES;
    const uint32_t chosen = CR_ERASE_SECTOR | CR_FASTEST | sector << CR_SECTOR_SHIFT;
    begin(of);
    of->cr = chosen;
    of->cr = chosen | CR_START;
    return end(of);
}

static bool is_erased(const uint32_t *words)
{
    uint32_t all = UINT32_MAX;
    for (uint32_t i = 0; i < WORDS_AT_ONCE; i++) {
        all &= words[i];
    }
    return all == UINT32_MAX;
}

bool mt_port_flash_program(uint32_t address, const uint32_t *words, uint32_t count)
{
    bank *of = bank_of(address);
    volatile uint32_t *to = (volatile uint32_t *)address;
    bool succeeded = true;
    begin(of);
    of->cr = CR_PROGRAM | CR_FASTEST;
    for (uint32_t i = 0; i < count && succeeded; i += WORDS_AT_ONCE) {
        if (is_erased(&words[i])) {
            continue; /* leaves the word programmable */
        }
        for (uint32_t k = i; k < i + WORDS_AT_ONCE; k++) {
            to[k] = words[k];
        }
        wait_until_idle(of);
        succeeded = !(of->sr & SR_ERRORS);
    }
    return end(of) && succeeded;
}

static bool acknowledged(bank *of)
{
    const bool reported = of->sr & SR_TWO_BITS;
    of->ccr = SR_TWO_BITS;
    return reported;
}

/* The bus answers the read with an error, which is a HardFault here. */
bool mt_port_flash_acknowledge_ecc(void)
{
    const bool in_first = acknowledged((bank *)FIRST_BANK);
    const bool in_second = acknowledged((bank *)SECOND_BANK);
    return in_first || in_second;
}
