/* STM32F446 (RM0390): up to 180 MHz from HSI and PLL; console on USART2, PA2 and PA3. */
#include "port.h"

#include "console.h"
#include "stm32f4_registers.h"

#define RCC_CR REGISTER(0x40023800U)
#define RCC_PLLCFGR REGISTER(0x40023804U)
#define RCC_CFGR REGISTER(0x40023808U)
#define RCC_AHB1ENR REGISTER(0x40023830U)
#define RCC_APB1ENR REGISTER(0x40023840U)
#define PWR_CR REGISTER(0x40007000U)
#define PWR_CSR REGISTER(0x40007004U)
#define GPIOA_MODER REGISTER(0x40020000U)
#define GPIOA_AFRL REGISTER(0x40020020U)
#define DEMCR REGISTER(0xE000EDFCU)
#define DWT_CTRL REGISTER(0xE0001000U)
#define DWT_CYCCNT REGISTER(0xE0001004U)
#define NVIC_ISER1 REGISTER(0xE000E104U)
#define NVIC_ICPR1 REGISTER(0xE000E284U)
#define UNIQUE_ID ((const uint8_t *)0x1FFF7A10U)
#define UNIQUE_ID_BYTES 12U

#define CLOCK_GPIOA (1U << 0)
#define CLOCK_USART2 (1U << 17)
#define CLOCK_PWR (1U << 28)

/* HSI, not the 8 MHz of the ST-LINK: those come over solder bridges that differ between revisions of the kit
 * (UM1724, OSC clock), and stop with the ST-LINK. HSI / 8 x N / 2, the VCO (HSI / 8 x N) between 100 and 432 MHz. */
#define PLL_N (MT_CLOCK_HZ / 1000000U)
#define PLL_FROM_HSI_BY_8 8U
#define PLL_N_SHIFT 6U
#define PLL_Q_8_R_2 (8U << 24 | 2U << 28) /* for USB and the like; unused */
#define HSI_ON (1U << 0)
#define HSI_READY (1U << 1)
#define PLL_ON (1U << 24)
#define PLL_READY (1U << 25)
#define CLOCK_FROM_PLL 2U
/* APB1 carries 45 MHz at most, APB2 90 (RM0390 section 6.2). */
#define APB1_DIVIDER 4U
#define APB1_BY_4_APB2_BY_2 (5U << 10 | 4U << 13)

#define OVER_DRIVE_ON (1U << 16)
#define OVER_DRIVE_SWITCH (1U << 17)
#define WITHOUT_OVER_DRIVE_HZ 168000000U /* voltage scale 1, the one after reset */

_Static_assert(PLL_N * 1000000U == MT_CLOCK_HZ && PLL_N >= 50U && PLL_N <= 180U, "50 to 180 MHz in whole MHz");
/* RM0390 table "Number of wait states according to CPU clock frequency": one per 30 MHz from 2.7 V on. */
_Static_assert(MT_FLASH_WAIT_STATES == (MT_CLOCK_HZ - 1U) / 30000000U, "wait states of the manual");

/* The older USART: status and data in one register each, flags cleared by reading them (RM0390 chapter 25). */
typedef struct {
    volatile uint32_t sr, dr, brr, cr1, cr2, cr3, gtpr;
} uart;

#define CONSOLE ((uart *)0x40004400U)
#define UART_ON 0x200CU /* UE, TE, RE */
#define UART_RX_INTERRUPT (1U << 5)
#define UART_OVERRUN (1U << 3)
#define UART_RECEIVED (1U << 5)
#define UART_SENT (1U << 6)
#define UART_HAS_ROOM (1U << 7)

enum { USART2_IRQ = 38 };
#define USART2_BIT (1U << (USART2_IRQ - 32))

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

/* RM0390, power control, "Entering Over-drive mode": while the core still runs from HSI and the PLL starts. */
static void over_drive(void)
{
    enable(&RCC_APB1ENR, CLOCK_PWR);
    PWR_CR |= OVER_DRIVE_ON;
    wait_for(&PWR_CSR, OVER_DRIVE_ON);
    PWR_CR |= OVER_DRIVE_SWITCH;
    wait_for(&PWR_CSR, OVER_DRIVE_SWITCH);
}

void mt_port_clock_init(void)
{
    RCC_CR |= HSI_ON;
    wait_for(&RCC_CR, HSI_READY);
    RCC_PLLCFGR = PLL_FROM_HSI_BY_8 | PLL_N << PLL_N_SHIFT | PLL_Q_8_R_2;
    RCC_CR |= PLL_ON;
    if (MT_CLOCK_HZ > WITHOUT_OVER_DRIVE_HZ) {
        over_drive();
    }
    FLASH_ACR = ACR_PREFETCH | ACR_INSTRUCTION_CACHE | ACR_DATA_CACHE | MT_FLASH_WAIT_STATES;
    while ((FLASH_ACR & ACR_LATENCY) != MT_FLASH_WAIT_STATES) {
    }
    wait_for(&RCC_CR, PLL_READY);
    RCC_CFGR = APB1_BY_4_APB2_BY_2;
    RCC_CFGR = APB1_BY_4_APB2_BY_2 | CLOCK_FROM_PLL;
    while ((RCC_CFGR >> 2 & 3U) != CLOCK_FROM_PLL) {
    }
    DEMCR |= 1U << 24; /* TRCENA: power for the DWT */
    DWT_CYCCNT = 0U;
    DWT_CTRL |= 1U;
}

static uint32_t divider(uint32_t baud)
{
    return (MT_CLOCK_HZ / APB1_DIVIDER + baud / 2U) / baud;
}

void mt_port_console_init(void)
{
    enable(&RCC_AHB1ENR, CLOCK_GPIOA);
    enable(&RCC_APB1ENR, CLOCK_USART2);
    GPIOA_AFRL = (GPIOA_AFRL & ~0xFF00U) | 0x7700U; /* PA2, PA3: AF7 */
    GPIOA_MODER = (GPIOA_MODER & ~0xF0U) | 0xA0U;   /* alternate function */
    CONSOLE->brr = divider(MT_CONSOLE_BAUD);
    mt_port_console_interrupt(true);
    NVIC_ISER1 = USART2_BIT;
}

bool mt_port_console_take(uint8_t *byte)
{
    const uint32_t status = CONSOLE->sr;
    if (!(status & (UART_RECEIVED | UART_OVERRUN))) {
        return false;
    }
    *byte = (uint8_t)CONSOLE->dr; /* which ends an overrun, too: otherwise it would interrupt for ever */
    return status & UART_RECEIVED;
}

void mt_port_console_interrupt(bool enabled)
{
    CONSOLE->cr1 = UART_ON | (enabled ? UART_RX_INTERRUPT : 0U);
    NVIC_ICPR1 = USART2_BIT; /* a byte that was taken while its interrupt was masked must not end the next sleep */
}

void mt_port_console_speed(uint32_t baud)
{
    CONSOLE->cr1 = 0U;
    CONSOLE->brr = divider(baud);
    CONSOLE->cr1 = UART_ON;
}

void mt_port_console_put(char byte)
{
    wait_for(&CONSOLE->sr, UART_HAS_ROOM);
    CONSOLE->dr = (uint8_t)byte;
}

void mt_port_console_flush(void)
{
    wait_for(&CONSOLE->sr, UART_SENT);
}

uint32_t mt_port_cycles(void)
{
    return DWT_CYCCNT;
}

uint32_t mt_port_device_id(uint8_t *id)
{
    for (uint32_t i = 0; i < UNIQUE_ID_BYTES; i++) {
        id[i] = UNIQUE_ID[i];
    }
    return UNIQUE_ID_BYTES;
}
