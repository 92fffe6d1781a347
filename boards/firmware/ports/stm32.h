/*
 * What the ports of all STM32 share. A port gives the facts of its chip in `mt_stm32_chip`; pins, unique number and
 * console follow from them and from the board's MT_CONSOLE_UART, MT_CONSOLE_TX_PORT and so on.
 */
#ifndef MT_STM32_H
#define MT_STM32_H

#include <stdbool.h>
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

/* One UART; a port defines those it knows as `USART2_FACTS` and so on, and their interrupts as `USART2_IRQ`. */
typedef struct {
    uint32_t base;
    volatile uint32_t *clocks; /* the register that has its clock enable, and the bit there */
    uint32_t clock_bit;
    uint32_t function;      /* alternate function that brings it to its pins */
    uint32_t clock_divider; /* the core's clock by the UART's */
    uint32_t brr_per_bit;   /* what BRR holds for a bit of one clock: 1, of an LPUART 256 */
    uint32_t irq;
} mt_stm32_uart;

typedef struct {
    uint32_t gpio_base;             /* of port A; the others follow every 1 KiB */
    volatile uint32_t *gpio_clocks; /* whose bit 0 is port A's clock enable, and so on */
    uint32_t unique_id;             /* address of its 12 bytes */
    mt_stm32_uart console;
} mt_stm32_facts;

extern const mt_stm32_facts mt_stm32_chip;

#define MT_STM32_PASTE_(name, of) name##of
#define MT_STM32_PASTE(name, of) MT_STM32_PASTE_(name, of)
#define MT_CONSOLE_FACTS MT_STM32_PASTE(MT_CONSOLE_UART, _FACTS)
#define MT_CONSOLE_IRQ MT_STM32_PASTE(MT_CONSOLE_UART, _IRQ)

/* The peripheral answers two bus clocks after its own is on: a read takes longer. */
static inline void mt_stm32_enable(volatile uint32_t *clocks, uint32_t bits)
{
    *clocks |= bits;
    (void)*clocks;
}

static inline void mt_stm32_wait_for(volatile uint32_t *flags, uint32_t bit)
{
    while (!(*flags & bit)) {
    }
}

/* Write FLASH_ACR and wait until the wait states, in the bits of `latency_mask`, are in force. */
static inline void mt_stm32_flash_access(volatile uint32_t *acr, uint32_t value, uint32_t latency_mask)
{
    *acr = value;
    while ((*acr & latency_mask) != (value & latency_mask)) {
    }
}

/* Switch caches of the flash (bits of its ACR) off, or on again and emptied. */
static inline void mt_stm32_flash_caches_of(volatile uint32_t *acr, uint32_t caches, uint32_t resets, bool on)
{
    if (on) {
        *acr |= resets;
        *acr &= ~resets;
        *acr |= caches;
    } else {
        *acr &= ~caches;
    }
}

/* Entries of mt_port_memory_settings: what FLASH_ACR of STM32L4, L4+ and F4 says. */
#define MT_STM32_ART_SETTINGS                                                                                        \
    {"flash-wait-states", &FLASH_ACR, 0U, 15U}, {"flash-prefetch", &FLASH_ACR, 8U, 1U},                              \
        {"flash-instruction-cache", &FLASH_ACR, 9U, 1U}, {"flash-data-cache", &FLASH_ACR, 10U, 1U}

/* Supplied by the port for stm32_flash_*.c: called with false before the flash changes, and with true behind it, when
 * no cache may hold what was there before. */
void mt_stm32_flash_caches(bool on);

/* Bring an alternate function to a pin; port A is 0. */
void mt_stm32_pin_to_function(uint32_t port, uint32_t pin, uint32_t function);

#endif
