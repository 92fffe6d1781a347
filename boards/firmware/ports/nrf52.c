/* nRF52840 (product specification): 64 MHz, exact by the crystal; console on UART0, P0.06 and P0.08. */
#include "nrf52_flash.h"

#include "console.h"
#include "port.h"

#define CLOCK_HFCLKSTART REGISTER(0x40000000U)
#define CLOCK_HFCLKSTARTED REGISTER(0x40000100U)
#define GPIO_OUTSET REGISTER(0x50000508U)
#define GPIO_DIRSET REGISTER(0x50000518U)
#define GPIO_PIN_CNF ((volatile uint32_t *)0x50000700U)
#define DEMCR REGISTER(0xE000EDFCU)
#define DWT_CTRL REGISTER(0xE0001000U)
#define DWT_CYCCNT REGISTER(0xE0001004U)
#define NVIC_ISER REGISTER(0xE000E100U)
#define NVIC_ICPR REGISTER(0xE000E280U)

#define DEVICE_ID ((const uint8_t *)0x10000060U)
#define DEVICE_ID_BYTES 8U

/* UART0, without DMA: six bytes of FIFO are enough while one is taken by the interrupt or by polling. */
#define UART_STARTRX REGISTER(0x40002000U)
#define UART_STARTTX REGISTER(0x40002008U)
#define UART_RXDRDY REGISTER(0x40002108U)
#define UART_TXDRDY REGISTER(0x4000211CU)
#define UART_INTENSET REGISTER(0x40002304U)
#define UART_INTENCLR REGISTER(0x40002308U)
#define UART_ENABLE REGISTER(0x40002500U)
#define UART_PSEL_TXD REGISTER(0x4000250CU)
#define UART_PSEL_RXD REGISTER(0x40002514U)
#define UART_RXD REGISTER(0x40002518U)
#define UART_TXD REGISTER(0x4000251CU)
#define UART_BAUDRATE REGISTER(0x40002524U)

#define UART_RX_INTERRUPT (1U << 2)
#define UART_ON 4U
#define TXD_PIN 6U
#define RXD_PIN 8U
#define PIN_INPUT_WITH_PULL_UP (3U << 2)

enum { UART0_IRQ = 2 };

_Static_assert(MT_CLOCK_HZ == 64000000U, "64 MHz: the core has no other clock");

static void console_handler(void)
{
    uint8_t byte;
    while (mt_port_console_take(&byte)) {
        mt_console_received(byte);
    }
}

MT_PORT_VECTORS const mt_vector mt_port_vectors[] = {[UART0_IRQ] = console_handler};

/* Reading back waits until the write has reached the peripheral: an interrupt would otherwise come twice. */
static void clear(volatile uint32_t *event)
{
    *event = 0U;
    (void)*event;
}

/* The RC oscillator that runs after reset is too inexact for a UART. */
void mt_port_clock_init(void)
{
    NVMC_ICACHECNF = NVMC_CACHE_ON;
    clear(&CLOCK_HFCLKSTARTED);
    CLOCK_HFCLKSTART = 1U;
    while (!CLOCK_HFCLKSTARTED) {
    }
    DEMCR |= 1U << 24; /* TRCENA: power for the DWT */
    DWT_CYCCNT = 0U;
    DWT_CTRL |= 1U;
}

/* In 2^32nds of 16 MHz, of which the lowest 12 bits are left 0, as Nordic's own values leave them. */
static uint32_t baudrate(uint32_t baud)
{
    return (uint32_t)((((uint64_t)baud << 28) / 1000000U + 0x800U) & ~0xFFFULL);
}

void mt_port_console_init(void)
{
    GPIO_OUTSET = 1U << TXD_PIN; /* idle */
    GPIO_DIRSET = 1U << TXD_PIN;
    GPIO_PIN_CNF[RXD_PIN] = PIN_INPUT_WITH_PULL_UP;
    UART_PSEL_TXD = TXD_PIN;
    UART_PSEL_RXD = RXD_PIN;
    UART_BAUDRATE = baudrate(MT_CONSOLE_BAUD);
    UART_ENABLE = UART_ON;
    UART_STARTTX = 1U;
    UART_STARTRX = 1U;
    mt_port_console_interrupt(true);
    NVIC_ISER = 1U << UART0_IRQ;
}

/* The event first: reading RXD lets the next byte of the FIFO in, with an event of its own. */
bool mt_port_console_take(uint8_t *byte)
{
    if (!UART_RXDRDY) {
        return false;
    }
    clear(&UART_RXDRDY);
    *byte = (uint8_t)UART_RXD;
    return true;
}

void mt_port_console_interrupt(bool enabled)
{
    if (enabled) {
        UART_INTENSET = UART_RX_INTERRUPT;
    } else {
        UART_INTENCLR = UART_RX_INTERRUPT;
    }
    NVIC_ICPR = 1U << UART0_IRQ; /* a byte that was taken while masked must not end the next sleep */
}

void mt_port_console_speed(uint32_t baud)
{
    UART_INTENCLR = UART_RX_INTERRUPT;
    UART_BAUDRATE = baudrate(baud);
}

void mt_port_console_put(char byte)
{
    clear(&UART_TXDRDY);
    UART_TXD = (uint8_t)byte;
    while (!UART_TXDRDY) {
    }
}

void mt_port_console_flush(void)
{
    /* TXDRDY has told of every byte that it has been sent. */
}

uint32_t mt_port_cycles(void)
{
    return DWT_CYCCNT;
}

uint32_t mt_port_device_id(uint8_t *id)
{
    for (uint32_t i = 0; i < DEVICE_ID_BYTES; i++) {
        id[i] = DEVICE_ID[i];
    }
    return DEVICE_ID_BYTES;
}
