/* Whether a whole application is in flash: a record in the sector before it, erased first and written last. */
#ifndef MT_VALIDITY_H
#define MT_VALIDITY_H

#include <stdbool.h>
#include <stdint.h>

#define MT_APPLICATION_START (MT_FLASH_ORIGIN + MT_APPLICATION_OFFSET)
#define MT_APPLICATION_PAGES ((MT_FLASH_BYTES - MT_APPLICATION_OFFSET) / MT_FLASH_PAGE_BYTES)

/* The record is there and whole. */
bool mt_application_is_valid(void);

/* The record is there and says these. */
bool mt_application_is_recorded(uint32_t pages, uint32_t crc);

/* Erase the record, unless it is erased. False: the flash failed. */
bool mt_application_invalidate(void);

/* Write the record. False: the flash failed. */
bool mt_application_record(uint32_t pages, uint32_t crc);

#endif
