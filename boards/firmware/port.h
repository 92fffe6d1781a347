/*
 * What a family of microcontrollers must supply; nothing else of the firmware knows the chip.
 *
 * A port is one file, `ports/<family>.c`. Besides these functions it defines its part of the vector table:
 *
 *     MT_PORT_VECTORS const mt_vector mt_port_vectors[] = {[irq] = handler};
 *
 * that is, the entries behind the 16 of the core, as far as the console's interrupt. Facts of the board arrive as
 * defines made from its board.yaml: MT_CLOCK_HZ, MT_CONSOLE_BAUD, MT_BOARD_NAME.
 */
#ifndef MT_PORT_H
#define MT_PORT_H

#include <stdint.h>

typedef void (*mt_vector)(void);

#define MT_PORT_VECTORS __attribute__((section(".vectors.port"), used))

/* Run the core at MT_CLOCK_HZ with caches and prefetch on, and start the cycle counter. Called once, first. */
void mt_port_clock_init(void);

/* Open the console at MT_CONSOLE_BAUD, 8N1; from then on every byte goes to mt_console_received(). */
void mt_port_console_init(void);

/* Send one byte; waits until there is room. */
void mt_port_console_put(char byte);

/* Wait until the last byte has left the chip. */
void mt_port_console_flush(void);

/* Core cycles, modulo 2^32. */
uint32_t mt_port_cycles(void);

/* Unique number of this chip: writes at most MT_DEVICE_ID_MAX_BYTES, gives how many. */
#define MT_DEVICE_ID_MAX_BYTES 16U
uint32_t mt_port_device_id(uint8_t *id);

#endif
