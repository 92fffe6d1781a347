/* STM32L4x5, STM32L4x6 (RM0351): up to 80 MHz from HSI16 and PLL; console on USART2, PA2 and PA3. */
#include "console.h"
#include "port.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define FLASH_ACR REGISTER(0x40022000U)
#define RCC_CR REGISTER(0x40021000U)
#define RCC_CFGR REGISTER(0x40021008U)
#define RCC_PLLCFGR REGISTER(0x4002100CU)
#define RCC_AHB2ENR REGISTER(0x4002104CU)
#define RCC_APB1ENR1 REGISTER(0x40021058U)
#define GPIOA_MODER REGISTER(0x48000000U)
#define GPIOA_AFRL REGISTER(0x48000020U)
#define USART2_CR1 REGISTER(0x40004400U)
#define USART2_CR3 REGISTER(0x40004408U)
#define USART2_BRR REGISTER(0x4000440CU)
#define USART2_ISR REGISTER(0x4000441CU)
#define USART2_RDR REGISTER(0x40004424U)
#define USART2_TDR REGISTER(0x40004428U)
#define NVIC_ISER1 REGISTER(0xE000E104U)
#define DEMCR REGISTER(0xE000EDFCU)
#define DWT_CTRL REGISTER(0xE0001000U)
#define DWT_CYCCNT REGISTER(0xE0001004U)
#define UNIQUE_ID ((const uint8_t *)0x1FFF7590U)

enum { USART2_IRQ = 38, UNIQUE_ID_BYTES = 12 };

/* RM0351 section 3.3.3: one wait state per 16 MHz in voltage range 1, the range after reset (section 5.4.1). */
#define FLASH_WAIT_STATES ((MT_CLOCK_HZ - 1U) / 16000000U)
#define FLASH_PREFETCH_AND_CACHES (7U << 8)

/* Section 6.2.5: HSI16 x N / 2, where 16 MHz x N, the VCO's frequency, lies between 64 and 344 MHz. */
#define PLL_N (MT_CLOCK_HZ / 8000000U)
_Static_assert(PLL_N * 8000000U == MT_CLOCK_HZ && PLL_N >= 8U && PLL_N <= 10U, "64, 72 or 80 MHz");
#define PLL_FROM_HSI16 2U
#define PLL_R_ENABLE (1U << 24)
#define HSI_ON (1U << 8)
#define HSI_READY (1U << 10)
#define PLL_ON (1U << 24)
#define PLL_READY (1U << 25)
#define CLOCK_FROM_PLL 3U

#define USART_ENABLE_WITH_RX_INTERRUPT 0x2DU /* UE, RE, TE, RXNEIE */
#define USART_IGNORE_OVERRUN (1U << 12)
#define USART_RECEIVED (1U << 5)
#define USART_SENT (1U << 6)
#define USART_HAS_ROOM (1U << 7)

static void usart2_handler(void)
{
    while (USART2_ISR & USART_RECEIVED) {
        mt_console_received((uint8_t)USART2_RDR);
    }
}

MT_PORT_VECTORS const mt_vector mt_port_vectors[] = {[USART2_IRQ] = usart2_handler};

void mt_port_clock_init(void)
{
    FLASH_ACR = FLASH_PREFETCH_AND_CACHES | FLASH_WAIT_STATES;
    while ((FLASH_ACR & 7U) != FLASH_WAIT_STATES) {
    }
    RCC_CR |= HSI_ON;
    while (!(RCC_CR & HSI_READY)) {
    }
    RCC_PLLCFGR = PLL_R_ENABLE | PLL_N << 8 | PLL_FROM_HSI16;
    RCC_CR |= PLL_ON;
    while (!(RCC_CR & PLL_READY)) {
    }
    RCC_CFGR = CLOCK_FROM_PLL;
    while ((RCC_CFGR >> 2 & 3U) != CLOCK_FROM_PLL) {
    }
    DEMCR |= 1U << 24; /* TRCENA: power for the DWT */
    DWT_CYCCNT = 0U;
    DWT_CTRL |= 1U;
}

void mt_port_console_init(void)
{
    RCC_AHB2ENR |= 1U;         /* GPIOA */
    RCC_APB1ENR1 |= 1U << 17;  /* USART2 */
    GPIOA_AFRL = (GPIOA_AFRL & ~0xFF00U) | 0x7700U;  /* PA2, PA3: AF7 */
    GPIOA_MODER = (GPIOA_MODER & ~0xF0U) | 0xA0U;    /* alternate function */
    USART2_BRR = (MT_CLOCK_HZ + MT_CONSOLE_BAUD / 2U) / MT_CONSOLE_BAUD;
    USART2_CR3 = USART_IGNORE_OVERRUN; /* a lost byte spoils one command, not the line */
    USART2_CR1 = USART_ENABLE_WITH_RX_INTERRUPT;
    NVIC_ISER1 = 1U << (USART2_IRQ - 32);
}

void mt_port_console_put(char byte)
{
    while (!(USART2_ISR & USART_HAS_ROOM)) {
    }
    USART2_TDR = (uint8_t)byte;
}

void mt_port_console_flush(void)
{
    while (!(USART2_ISR & USART_SENT)) {
    }
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
