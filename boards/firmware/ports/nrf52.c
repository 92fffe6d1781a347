/* nRF52840 (product specification): 64 MHz, exact by the crystal; console on UART0. */
#include "port.h"

#include "console.h"
#include "dwt.h"
#include "nrf52_flash.h"

#define CLOCK_HFCLKSTART REGISTER(0x40000000U)
#define CLOCK_HFCLKSTARTED REGISTER(0x40000100U)
#define GPIO_PORT(number) (0x50000000U + 0x300U * (number))
#define GPIO_OUTSET(port) REGISTER(GPIO_PORT(port) + 0x508U)
#define GPIO_OUTCLR(port) REGISTER(GPIO_PORT(port) + 0x50CU)
#define GPIO_DIRSET(port) REGISTER(GPIO_PORT(port) + 0x518U)
#define GPIO_PIN_CNF(port, pin) REGISTER(GPIO_PORT(port) + 0x700U + 4U * (pin))
#define PIN_SELECTOR(port, pin) ((port) << 5 | (pin))
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
#define PIN_INPUT_WITH_PULL_UP (3U << 2)

enum { UART0_IRQ = 2 };
#define MT_PASTE_(name, of) name##of
#define MT_PASTE(name, of) MT_PASTE_(name, of)
#define CONSOLE_IRQ MT_PASTE(MT_CONSOLE_UART, _IRQ) /* no other UART is known here */

_Static_assert(MT_CLOCK_HZ == 64000000U, "64 MHz: the core has no other clock");

static void console_handler(void)
{
    uint8_t byte;
    while (mt_port_console_take(&byte)) {
        mt_console_received(byte);
    }
}

MT_PORT_VECTORS const mt_vector mt_port_vectors[] = {[CONSOLE_IRQ] = console_handler};

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
    mt_dwt_start();
}

/* In 2^32nds of 16 MHz, of which the lowest 12 bits are left 0, as Nordic's own values leave them. */
static uint32_t baudrate(uint32_t baud)
{
    return (uint32_t)((((uint64_t)baud << 28) / 1000000U + 0x800U) & ~0xFFFULL);
}

void mt_port_console_init(void)
{
    GPIO_OUTSET(MT_CONSOLE_TX_PORT) = 1U << MT_CONSOLE_TX_PIN; /* idle */
    GPIO_DIRSET(MT_CONSOLE_TX_PORT) = 1U << MT_CONSOLE_TX_PIN;
    GPIO_PIN_CNF(MT_CONSOLE_RX_PORT, MT_CONSOLE_RX_PIN) = PIN_INPUT_WITH_PULL_UP;
    UART_PSEL_TXD = PIN_SELECTOR(MT_CONSOLE_TX_PORT, MT_CONSOLE_TX_PIN);
    UART_PSEL_RXD = PIN_SELECTOR(MT_CONSOLE_RX_PORT, MT_CONSOLE_RX_PIN);
    UART_BAUDRATE = baudrate(MT_CONSOLE_BAUD);
    UART_ENABLE = UART_ON;
    UART_STARTTX = 1U;
    UART_STARTRX = 1U;
    mt_port_console_interrupt(true);
    NVIC_ISER = 1U << CONSOLE_IRQ;
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
    NVIC_ICPR = 1U << CONSOLE_IRQ; /* a byte that was taken while masked must not end the next sleep */
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

uint32_t mt_port_device_id(uint8_t *id)
{
    for (uint32_t i = 0; i < DEVICE_ID_BYTES; i++) {
        id[i] = DEVICE_ID[i];
    }
    return DEVICE_ID_BYTES;
}

void mt_port_trigger_init(void)
{
    mt_port_trigger(false);
    GPIO_DIRSET(MT_TRIGGER_PORT) = 1U << MT_TRIGGER_PIN;
}

void mt_port_trigger(bool high)
{
    if (high) {
        GPIO_OUTSET(MT_TRIGGER_PORT) = 1U << MT_TRIGGER_PIN;
    } else {
        GPIO_OUTCLR(MT_TRIGGER_PORT) = 1U << MT_TRIGGER_PIN;
    }
}

/* The wait states of its flash are no setting. */
const mt_memory_setting mt_port_memory_settings[] = {
    {"flash-instruction-cache", &NVMC_ICACHECNF, 0U, NVMC_CACHE_ON},
    MT_NO_MORE_SETTINGS,
};
