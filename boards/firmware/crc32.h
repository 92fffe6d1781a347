/* CRC-32 as of zlib: polynomial 0x04C11DB7 reflected, start and final inversion, both left to the caller. */
#ifndef MT_CRC32_H
#define MT_CRC32_H

#include <stdint.h>

#define MT_CRC32_START UINT32_MAX

/* Give the remainder after one byte more. */
uint32_t mt_crc32_of_byte(uint32_t remainder, uint8_t byte);

#endif
