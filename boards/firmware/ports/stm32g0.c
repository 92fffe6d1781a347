/* STM32G071 (RM0444): 64 MHz from HSI16 and PLL; console on USART2, PA2 and PA3; cycles from TIM2. */
#include "port.h"

#include "console.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define RCC_CR REGISTER(0x40021000U)
#define RCC_CFGR REGISTER(0x40021008U)
#define RCC_PLLCFGR REGISTER(0x4002100CU)
#define RCC_IOPENR REGISTER(0x40021034U)
#define RCC_APBENR1 REGISTER(0x4002103CU)
#define FLASH_ACR REGISTER(0x40022000U)
#define TIM2_CR1 REGISTER(0x40000000U)
#define TIM2_CNT REGISTER(0x40000024U)
#define GPIOA_MODER REGISTER(0x50000000U)
#define GPIOA_AFRL REGISTER(0x50000020U)
#define NVIC_ISER REGISTER(0xE000E100U)
#define NVIC_ICPR REGISTER(0xE000E280U)
#define UNIQUE_ID ((const uint8_t *)0x1FFF7590U)
#define UNIQUE_ID_BYTES 12U

#define CLOCK_GPIOA (1U << 0)
#define CLOCK_TIM2 (1U << 0)
#define CLOCK_USART2 (1U << 17)

#define FLASH_PREFETCH_AND_CACHE (3U << 8)
#define FLASH_LATENCY 7U

/* HSI16 x N / 2; the VCO takes N from 8 on and the core 64 MHz at most (RM0444 section 5.4.4). */
#define PLL_N (MT_CLOCK_HZ / 8000000U)
#define PLL_FROM_HSI16 2U
#define PLL_R_BY_2 (1U << 28 | 1U << 29)
#define HSI_ON (1U << 8)
#define HSI_READY (1U << 10)
#define PLL_ON (1U << 24)
#define PLL_READY (1U << 25)
#define CLOCK_FROM_PLL 2U

_Static_assert(MT_CLOCK_HZ == 64000000U, "64 MHz");
/* RM0444 section 3.3.4: 24, 48, 64 MHz with 0, 1, 2 wait states in voltage range 1, the one after reset. */
_Static_assert(MT_FLASH_WAIT_STATES == (MT_CLOCK_HZ - 1U) / 24000000U, "wait states of the manual");

typedef struct {
    volatile uint32_t cr1, cr2, cr3, brr, gtpr, rtor, rqr, isr, icr, rdr, tdr;
} uart;

#define CONSOLE ((uart *)0x40004400U)
#define UART_ON 0xDU /* UE, RE, TE */
#define UART_RX_INTERRUPT (1U << 5)
#define UART_IGNORE_OVERRUN (1U << 12)
#define UART_RECEIVED (1U << 5)
#define UART_SENT (1U << 6)
#define UART_HAS_ROOM (1U << 7)

enum { USART2_IRQ = 28 };

static void console_handler(void)
{
    uint8_t byte;
    while (mt_port_console_take(&byte)) {
        mt_console_received(byte);
    }
}

MT_PORT_VECTORS const mt_vector mt_port_vectors[] = {[USART2_IRQ] = console_handler};

/* The peripheral answers two bus clocks after its own is on: a read takes longer. */
static void enable(volatile uint32_t *clocks, uint32_t bits)
{
    *clocks |= bits;
    (void)*clocks;
}

static void wait_for(volatile uint32_t *flags, uint32_t bit)
{
    while (!(*flags & bit)) {
    }
}

/* A Cortex-M0+ has no cycle counter, and counting the overflows of SysTick would put interrupts into what is measured.
 * TIM2 has 32 bits and the core's clock. */
static void count_cycles(void)
{
    enable(&RCC_APBENR1, CLOCK_TIM2);
    TIM2_CR1 = 1U;
}

void mt_port_clock_init(void)
{
    FLASH_ACR = (FLASH_ACR & ~FLASH_LATENCY) | FLASH_PREFETCH_AND_CACHE | MT_FLASH_WAIT_STATES;
    while ((FLASH_ACR & FLASH_LATENCY) != MT_FLASH_WAIT_STATES) {
    }
    RCC_CR |= HSI_ON;
    wait_for(&RCC_CR, HSI_READY);
    RCC_PLLCFGR = PLL_R_BY_2 | PLL_N << 8 | PLL_FROM_HSI16;
    RCC_CR |= PLL_ON;
    wait_for(&RCC_CR, PLL_READY);
    RCC_CFGR |= CLOCK_FROM_PLL;
    while ((RCC_CFGR >> 3 & 7U) != CLOCK_FROM_PLL) {
    }
    count_cycles();
}

static uint32_t divider(uint32_t baud)
{
    return (MT_CLOCK_HZ + baud / 2U) / baud;
}

void mt_port_console_init(void)
{
    enable(&RCC_IOPENR, CLOCK_GPIOA);
    enable(&RCC_APBENR1, CLOCK_USART2);
    GPIOA_AFRL = (GPIOA_AFRL & ~0xFF00U) | 0x1100U; /* PA2, PA3: AF1 */
    GPIOA_MODER = (GPIOA_MODER & ~0xF0U) | 0xA0U;   /* alternate function */
    CONSOLE->brr = divider(MT_CONSOLE_BAUD);
    CONSOLE->cr3 = UART_IGNORE_OVERRUN; /* a lost byte spoils one command, not the line */
    mt_port_console_interrupt(true);
    NVIC_ISER = 1U << USART2_IRQ;
}

bool mt_port_console_take(uint8_t *byte)
{
    if (!(CONSOLE->isr & UART_RECEIVED)) {
        return false;
    }
    *byte = (uint8_t)CONSOLE->rdr;
    return true;
}

void mt_port_console_interrupt(bool enabled)
{
    CONSOLE->cr1 = UART_ON | (enabled ? UART_RX_INTERRUPT : 0U);
    NVIC_ICPR = 1U << USART2_IRQ; /* a byte that was taken while masked must not end the next sleep */
}

void mt_port_console_speed(uint32_t baud)
{
    CONSOLE->cr1 = 0U; /* BRR may be written only while the UART is off */
    CONSOLE->brr = divider(baud);
    CONSOLE->cr1 = UART_ON;
}

void mt_port_console_put(char byte)
{
    wait_for(&CONSOLE->isr, UART_HAS_ROOM);
    CONSOLE->tdr = (uint8_t)byte;
}

void mt_port_console_flush(void)
{
    wait_for(&CONSOLE->isr, UART_SENT);
}

uint32_t mt_port_cycles(void)
{
    return TIM2_CNT;
}

uint32_t mt_port_device_id(uint8_t *id)
{
    for (uint32_t i = 0; i < UNIQUE_ID_BYTES; i++) {
        id[i] = UNIQUE_ID[i];
    }
    return UNIQUE_ID_BYTES;
}
