/* The loader's frames (docs/boards.md): what comes in, checked, and what goes out. */
#ifndef MT_LOADER_FRAME_H
#define MT_LOADER_FRAME_H

#include <stdbool.h>
#include <stdint.h>

/* A page and the number in front of it is the longest payload. */
#define MT_FRAME_PAYLOAD_BYTES (MT_FLASH_PAGE_BYTES + 8U)

typedef struct {
    uint8_t sequence, command;
    uint16_t payload_bytes;
    uint8_t payload[MT_FRAME_PAYLOAD_BYTES] __attribute__((aligned(8)));
} mt_frame;

typedef enum {
    MT_OK = 0,
    MT_BAD_FRAME = 1,    /* CRC or length is wrong: send it again */
    MT_BAD_COMMAND = 2,  /* unknown, or its payload has the wrong length */
    MT_WRONG_BOARD = 3,  /* the image is for another board type */
    MT_NOT_BEGUN = 4,    /* no `begin` named the board */
    MT_OUT_OF_RANGE = 5, /* not pages of the application */
    MT_FLASH_FAILED = 6, /* the flash reported an error or does not hold what was written */
    MT_CRC_DIFFERS = 7,  /* the application in flash is not the one of the host */
    MT_NO_APPLICATION = 8,
} mt_status;

typedef enum {
    MT_FRAME_NONE,    /* the time is over */
    MT_FRAME_GOOD,
    MT_FRAME_DAMAGED, /* something came that was not a frame */
} mt_reception;

/* Wait at most `limit_ms` for the first byte of a frame, then for the rest of it. */
mt_reception mt_frame_receive(mt_frame *frame, uint32_t limit_ms);

/* Answer `frame`: the status, then `count` bytes. */
void mt_frame_reply(const mt_frame *frame, mt_status status, const uint8_t *data, uint32_t count);

/* CRC-32 as of zlib, of RAM or flash, unreadable or not; begin with 0 and go on with the result. */
uint32_t mt_crc32(uint32_t crc, const uint8_t *data, uint32_t count);

#endif
