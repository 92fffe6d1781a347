#include "crc32.h"

uint32_t mt_crc32_of_byte(uint32_t remainder, uint8_t byte)
{
    remainder ^= byte;
    for (uint32_t bit = 0; bit < 8U; bit++) {
        remainder = (remainder >> 1) ^ (0xEDB88320U & (0U - (remainder & 1U)));
    }
    return remainder;
}
