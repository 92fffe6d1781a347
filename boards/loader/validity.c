#include "validity.h"

#include "flash_read.h"
#include "loader_frame.h"
#include "port.h"

/* The last page of its sector, which holds nothing else. */
#define RECORD_ADDRESS (MT_APPLICATION_START - MT_FLASH_PAGE_BYTES)
#define MAGIC 0x6B4F744DU

typedef struct {
    uint32_t magic, pages, crc, check; /* `check` is the CRC of the words before it */
} mt_record;

static uint32_t check_of(const mt_record *record)
{
    return mt_crc32(0U, (const uint8_t *)record, sizeof *record - sizeof record->check);
}

static mt_record stored(void)
{
    const uint32_t *words = (const uint32_t *)RECORD_ADDRESS;
    return (mt_record){mt_flash_word(&words[0]), mt_flash_word(&words[1]), mt_flash_word(&words[2]),
                       mt_flash_word(&words[3])};
}

bool mt_application_is_valid(void)
{
    const mt_record record = stored();
    return record.magic == MAGIC && record.check == check_of(&record);
}

bool mt_application_is_recorded(uint32_t pages, uint32_t crc)
{
    const mt_record record = stored();
    return mt_application_is_valid() && record.pages == pages && record.crc == crc;
}

static bool record_is_erased(void)
{
    const uint32_t *words = (const uint32_t *)RECORD_ADDRESS;
    for (uint32_t i = 0; i < MT_FLASH_PAGE_BYTES / sizeof *words; i++) {
        if (mt_flash_word(&words[i]) != UINT32_MAX) {
            return false;
        }
    }
    return true;
}

bool mt_application_invalidate(void)
{
    return record_is_erased() || (mt_port_flash_erase(RECORD_ADDRESS) && record_is_erased());
}

bool mt_application_record(uint32_t pages, uint32_t crc)
{
    union {
        mt_record record;
        uint32_t words[(sizeof(mt_record) + MT_FLASH_PROGRAM_BYTES - 1U) / MT_FLASH_PROGRAM_BYTES *
                       MT_FLASH_PROGRAM_BYTES / sizeof(uint32_t)];
    } whole = {{MAGIC, pages, crc, 0U}};
    whole.record.check = check_of(&whole.record);
    return mt_application_invalidate() &&
           mt_port_flash_program(RECORD_ADDRESS, whole.words, sizeof whole / sizeof(uint32_t)) &&
           mt_application_is_recorded(pages, crc);
}
