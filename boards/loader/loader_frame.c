#include "loader_frame.h"

#include "flash_read.h"
#include "loader_wait.h"
#include "port.h"

enum { START_OF_FRAME = 0xB5, HEADER_BYTES = 4, CRC_BYTES = 4, REPLY = 0x80 };

/* A sender that pauses longer within a frame has gone. */
#define GAP_MS 100U
/* Quiet for this long, the line carries nothing more of a damaged frame. */
#define QUIET_MS 5U
/* More than this without the start of a frame is no frame: text of another program, or the wrong speed. */
#define STRAY_BYTES 64U

uint32_t mt_crc32(uint32_t crc, const uint8_t *data, uint32_t count)
{
    /* The remainders of the 16 nibbles, polynomial 0x04C11DB7 reflected. */
    static const uint32_t nibbles[16] = {
        0x00000000U, 0x1DB71064U, 0x3B6E20C8U, 0x26D930ACU, 0x76DC4190U, 0x6B6B51F4U, 0x4DB26158U, 0x5005713CU,
        0xEDB88320U, 0xF00F9344U, 0xD6D6A3E8U, 0xCB61B38CU, 0x9B64C2B0U, 0x86D3D2D4U, 0xA00AE278U, 0xBDBDF21CU,
    };
    crc = ~crc;
    for (uint32_t i = 0; i < count; i++) {
        crc ^= mt_flash_byte(&data[i]);
        crc = crc >> 4 ^ nibbles[crc & 15U];
        crc = crc >> 4 ^ nibbles[crc & 15U];
    }
    return ~crc;
}

static bool receive_bytes(uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!mt_wait_byte(&bytes[i], GAP_MS)) {
            return false;
        }
    }
    return true;
}

static uint32_t word_of(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static bool receive_rest(mt_frame *frame)
{
    uint8_t header[HEADER_BYTES];
    uint8_t crc[CRC_BYTES];
    if (!receive_bytes(header, HEADER_BYTES)) {
        return false;
    }
    frame->sequence = header[0];
    frame->command = header[1];
    frame->payload_bytes = (uint16_t)(header[2] | header[3] << 8);
    if (frame->payload_bytes > MT_FRAME_PAYLOAD_BYTES || !receive_bytes(frame->payload, frame->payload_bytes) ||
        !receive_bytes(crc, CRC_BYTES)) {
        return false;
    }
    return mt_crc32(mt_crc32(0U, header, HEADER_BYTES), frame->payload, frame->payload_bytes) == word_of(crc);
}

mt_reception mt_frame_receive(mt_frame *frame, uint32_t limit_ms)
{
    uint8_t byte = 0U;
    for (uint32_t i = 0; byte != START_OF_FRAME && i <= STRAY_BYTES; i++) {
        if (!mt_wait_byte(&byte, limit_ms)) {
            return MT_FRAME_NONE;
        }
    }
    if (byte == START_OF_FRAME && receive_rest(frame)) {
        return MT_FRAME_GOOD;
    }
    while (mt_wait_byte(&byte, QUIET_MS)) {
    }
    return MT_FRAME_DAMAGED;
}

static void send_bytes(const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        mt_port_console_put((char)bytes[i]);
    }
}

void mt_frame_reply(const mt_frame *frame, mt_status status, const uint8_t *data, uint32_t count)
{
    const uint32_t payload_bytes = count + 1U;
    const uint8_t head[] = {
        START_OF_FRAME, frame->sequence, (uint8_t)(frame->command | REPLY), (uint8_t)payload_bytes,
        (uint8_t)(payload_bytes >> 8), (uint8_t)status,
    };
    const uint32_t crc = mt_crc32(mt_crc32(0U, &head[1], sizeof head - 1U), data, count);
    send_bytes(head, sizeof head);
    send_bytes(data, count);
    for (uint32_t shift = 0U; shift < 32U; shift += 8U) {
        mt_port_console_put((char)(crc >> shift));
    }
}
