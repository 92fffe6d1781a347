/*
 * What an image is told at build time.
 *
 * MT_BOARD_NAME, MT_CLOCK_HZ and MT_CONSOLE_BAUD come from board.yaml; the constants are appended to the generated
 * network, because the rest of the firmware is compiled once for all networks.
 */
#ifndef MT_FIRMWARE_CONFIG_H
#define MT_FIRMWARE_CONFIG_H

#include <stdint.h>

#ifndef MT_BOARD_NAME
#error "MT_BOARD_NAME must be defined: the name of the board type, a string"
#endif

/* Answer of `profile%`: the benchmark's name of the network where it is one of its own, else its hash. */
extern const char mt_model_id[];

/* What an input byte on the wire is XORed with to be stored: 0, or 0x80 where the benchmark sends uint8 to an int8
 * network (value - 128). */
extern const uint8_t mt_input_flip;

#endif
