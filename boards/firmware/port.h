/*
 * What a family of microcontrollers must supply; nothing else of the firmware knows the chip.
 *
 * A port is one file, `ports/<port>.c`, and what it shares with others: of every header `ports/<name>.h` that it
 * includes, itself or through another, `ports/<name>.c` belongs to it. Besides these functions it defines its part of
 * the vector table:
 *
 *     MT_PORT_VECTORS const mt_vector mt_port_vectors[] = {[irq] = handler};
 *
 * that is, the entries behind the 16 of the core, as far as the console's interrupt. Facts of the board arrive as
 * defines made from its board.yaml: MT_CLOCK_HZ, MT_BOARD_NAME, MT_FLASH_ORIGIN, MT_FLASH_BYTES, MT_FLASH_PAGE_BYTES,
 * MT_FLASH_PROGRAM_BYTES (what is programmed at once), MT_FLASH_WAIT_STATES, MT_APPLICATION_OFFSET and, where what is erased at once is not a page, MT_FLASH_SECTORS, the
 * sizes of the sectors (flash_sectors.h). MT_CONSOLE_BAUD, MT_CONSOLE_UART (its name, not a string); pins as numbers,
 * port A or P0 being 0: MT_CONSOLE_TX_PORT, MT_CONSOLE_TX_PIN, MT_CONSOLE_RX_..., MT_TRIGGER_....
 */
#ifndef MT_PORT_H
#define MT_PORT_H

#include <stdbool.h>
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

/* The trigger: an output for a power meter or a logic analyser, low until it is set. */
void mt_port_trigger_init(void);
void mt_port_trigger(bool high);

/* How the chip reads its memories, as its registers say at the moment: `*at >> shift & mask` is the value. */
typedef struct {
    const char *name; /* in words as `flash-wait-states`: letters and hyphens */
    const volatile uint32_t *at;
    uint32_t shift, mask;
} mt_memory_setting;

#define MT_NO_MORE_SETTINGS {0, 0, 0U, 0U}
/* Wait states, prefetch, caches, banks: what a run's cycles depend on and the chip has. A nameless one ends them. */
extern const mt_memory_setting mt_port_memory_settings[];

static inline uint32_t mt_memory_setting_value(const mt_memory_setting *setting)
{
    return *setting->at >> setting->shift & setting->mask;
}

/* For the resident loader (boards/loader), which asks for bytes instead of being interrupted. */

/* Give a received byte. False: there is none. */
bool mt_port_console_take(uint8_t *byte);

/* Let received bytes interrupt (and so wake) the core, or not. */
void mt_port_console_interrupt(bool enabled);

/* Change the speed of the console, all sent bytes having left; reception goes on without interrupts. */
void mt_port_console_speed(uint32_t baud);

/* The flash is divided as the board type says, as the chip is configured. */
bool mt_port_flash_is_as_described(void);

/* Erase the sector in which `address` lies. False: the chip reported an error. */
bool mt_port_flash_erase(uint32_t address);

/* Program `count` words, which are whole units of MT_FLASH_PROGRAM_BYTES, at a multiple of that, where the flash is
 * erased. False: as above. */
bool mt_port_flash_program(uint32_t address, const uint32_t *words, uint32_t count);

/* Take back the report of an unreadable word, as power loss during programming may leave one. Called for an NMI and for
 * a HardFault, as which chips report such a word. False: there was no report. */
bool mt_port_flash_acknowledge_ecc(void);

#endif
