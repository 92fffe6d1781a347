#include "loader_commands.h"

#include <string.h>

#include "boot_request.h"
#include "firmware_config.h"
#include "flash_sectors.h"
#include "port.h"
#include "validity.h"

#define LOADER_VERSION 1U
#define MIN_BAUD 9600U
#define MAX_BAUD (MT_CLOCK_HZ / 64U) /* 16 samples a bit, and a UART's clock may be a quarter of the core's */

enum { HELLO = 1, SPEED = 2, BEGIN = 3, CRCS = 4, WRITE = 5, COMMIT = 6, START = 7 };
enum { MAX_CRCS = 256 };

static bool begun;
static mt_speed present_speed;

static void reply_status(const mt_frame *frame, mt_status status)
{
    mt_frame_reply(frame, status, 0, 0U);
}

static uint32_t word_at(const mt_frame *frame, uint32_t index)
{
    uint32_t word;
    memcpy(&word, &frame->payload[4U * index], sizeof word);
    return word;
}

static bool is_in_application(uint32_t first, uint32_t count)
{
    return count <= MT_APPLICATION_PAGES && first <= MT_APPLICATION_PAGES - count;
}

static uint8_t *page_address(uint32_t page)
{
    return (uint8_t *)(MT_APPLICATION_START + page * MT_FLASH_PAGE_BYTES);
}

static void hello(const mt_frame *frame)
{
    struct {
        uint32_t version, page_bytes, application_start, application_pages, id_bytes;
        uint8_t id_and_board[MT_DEVICE_ID_MAX_BYTES + sizeof MT_BOARD_NAME];
    } reply = {LOADER_VERSION, MT_FLASH_PAGE_BYTES, MT_APPLICATION_START, MT_APPLICATION_PAGES, 0U, {0}};
    reply.id_bytes = mt_port_device_id(reply.id_and_board);
    memcpy(&reply.id_and_board[reply.id_bytes], MT_BOARD_NAME, sizeof MT_BOARD_NAME - 1U);
    const uint32_t count = 20U + reply.id_bytes + sizeof MT_BOARD_NAME - 1U;
    mt_frame_reply(frame, MT_OK, (const uint8_t *)&reply, count);
}

static void speed(const mt_frame *frame)
{
    const uint32_t baud = word_at(frame, 0U);
    if (baud < MIN_BAUD || baud > MAX_BAUD) {
        reply_status(frame, MT_OUT_OF_RANGE);
        return;
    }
    reply_status(frame, MT_OK);
    mt_port_console_flush();
    mt_port_console_speed(baud);
    present_speed = MT_SPEED_ON_TRIAL;
}

static mt_status begin(const mt_frame *frame)
{
    const uint32_t name_bytes = sizeof MT_BOARD_NAME - 1U;
    begun = frame->payload_bytes == name_bytes && memcmp(frame->payload, MT_BOARD_NAME, name_bytes) == 0;
    return begun ? MT_OK : MT_WRONG_BOARD;
}

static void crcs(const mt_frame *frame)
{
    static uint32_t values[MAX_CRCS];
    const uint32_t first = word_at(frame, 0U);
    const uint32_t count = word_at(frame, 1U);
    if (count > MAX_CRCS || !is_in_application(first, count)) {
        reply_status(frame, MT_OUT_OF_RANGE);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        values[i] = mt_crc32(0U, page_address(first + i), MT_FLASH_PAGE_BYTES);
    }
    mt_frame_reply(frame, MT_OK, (const uint8_t *)values, 4U * count);
}

/* Erase the sector that begins with a page: the host writes all pages of a sector, in order. */
static bool is_ready_for(uint32_t address)
{
    const bool begins_a_sector = mt_flash_sector_of(address).start == address;
    return mt_port_flash_is_as_described() && mt_application_invalidate() &&
           (!begins_a_sector || mt_port_flash_erase(address));
}

/* Fill the last unit that the flash programs with 0xFF. */
static uint32_t padded(uint8_t *bytes, uint32_t count)
{
    while (count % MT_FLASH_PROGRAM_BYTES != 0U) {
        bytes[count++] = 0xFFU;
    }
    return count;
}

/* The page, then its bytes without the 0xFF at its end. */
static mt_status write(mt_frame *frame)
{
    const uint32_t page = word_at(frame, 0U);
    uint32_t count = frame->payload_bytes - 8U;
    if (!begun) {
        return MT_NOT_BEGUN;
    }
    if (!is_in_application(page, 1U) || count > MT_FLASH_PAGE_BYTES || count % 8U != 0U) {
        return MT_OUT_OF_RANGE;
    }
    count = padded(&frame->payload[8], count);
    const uint32_t *words = (const uint32_t *)&frame->payload[8];
    const uint32_t address = (uint32_t)page_address(page);
    if (!is_ready_for(address) || !mt_port_flash_program(address, words, count / 4U) ||
        mt_crc32(0U, page_address(page), count) != mt_crc32(0U, &frame->payload[8], count)) {
        return MT_FLASH_FAILED;
    }
    return MT_OK;
}

/* Pages from the first on, and the CRC of them all. */
static mt_status commit(const mt_frame *frame)
{
    const uint32_t pages = word_at(frame, 0U);
    const uint32_t crc = word_at(frame, 1U);
    if (!begun) {
        return MT_NOT_BEGUN;
    }
    if (pages == 0U || !is_in_application(0U, pages)) {
        return MT_OUT_OF_RANGE;
    }
    if (mt_crc32(0U, page_address(0U), pages * MT_FLASH_PAGE_BYTES) != crc) {
        return MT_CRC_DIFFERS;
    }
    return mt_application_is_recorded(pages, crc) || mt_application_record(pages, crc) ? MT_OK : MT_FLASH_FAILED;
}

static void start(const mt_frame *frame)
{
    if (!mt_application_is_valid()) {
        reply_status(frame, MT_NO_APPLICATION);
        return;
    }
    reply_status(frame, MT_OK);
    mt_port_console_flush();
    mt_reboot(MT_BOOT_APPLICATION);
}

static bool has_its_length(const mt_frame *frame)
{
    switch (frame->command) {
    case HELLO:
    case START: return frame->payload_bytes == 0U;
    case SPEED: return frame->payload_bytes == 4U;
    case CRCS:
    case COMMIT: return frame->payload_bytes == 8U;
    case WRITE: return frame->payload_bytes >= 8U;
    default: return frame->command == BEGIN;
    }
}

void mt_loader_answer(mt_frame *frame)
{
    if (!has_its_length(frame)) {
        reply_status(frame, MT_BAD_COMMAND);
        return;
    }
    switch (frame->command) {
    case HELLO: hello(frame); break;
    case SPEED: speed(frame); break;
    case BEGIN: reply_status(frame, begin(frame)); break;
    case CRCS: crcs(frame); break;
    case WRITE: reply_status(frame, write(frame)); break;
    case COMMIT: reply_status(frame, commit(frame)); break;
    default: start(frame); break;
    }
}

mt_speed mt_loader_speed(void)
{
    return present_speed;
}

void mt_loader_speed_prove(void)
{
    if (present_speed == MT_SPEED_ON_TRIAL) {
        present_speed = MT_SPEED_PROVEN;
    }
}

void mt_loader_speed_reset(void)
{
    mt_port_console_speed(MT_CONSOLE_BAUD);
    present_speed = MT_SPEED_OF_CONSOLE;
}
