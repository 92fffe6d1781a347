/* What STM32L4 (RM0351) and STM32L4+ (RM0432) have in common: registers at the same addresses, the same flash. */
#ifndef MT_STM32L4_FAMILY_H
#define MT_STM32L4_FAMILY_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define FLASH_ACR REGISTER(0x40022000U)
#define FLASH_OPTR REGISTER(0x40022020U)
#define RCC_CR REGISTER(0x40021000U)
#define RCC_CFGR REGISTER(0x40021008U)
#define RCC_PLLCFGR REGISTER(0x4002100CU)
#define RCC_AHB2ENR REGISTER(0x4002104CU)
#define RCC_APB1ENR1 REGISTER(0x40021058U)
#define RCC_APB1ENR2 REGISTER(0x4002105CU)

/* HSI16 x N / 2, where 16 MHz x N, the VCO's frequency, lies between 64 and 344 MHz (RCC chapters, PLL). */
#define PLL_N (MT_CLOCK_HZ / 8000000U)
#define PLL_MULTIPLIES_TO_THE_CLOCK (PLL_N * 8000000U == MT_CLOCK_HZ)

/* USART and LPUART share these registers (RM0351 chapters 40 and 41). */
typedef struct {
    volatile uint32_t cr1, cr2, cr3, brr, gtpr, rtor, rqr, isr, icr, rdr, tdr;
} mt_stm32l4_uart;

/* Defined by the port: the console's UART, its interrupt, and the value of its BRR for a speed. */
extern mt_stm32l4_uart *const mt_stm32l4_console;
extern const uint32_t mt_stm32l4_console_irq;
uint32_t mt_stm32l4_divider(uint32_t baud);

/* Defined by the port: bytes of a flash page. */
uint32_t mt_stm32l4_page_bytes(void);

/* Set the flash's wait states, prefetch and both caches. */
void mt_stm32l4_flash_access(uint32_t wait_states);

/* Start HSI16 and the PLL at MT_CLOCK_HZ; the core goes on at its old clock. */
void mt_stm32l4_pll_start(void);

/* Run the core from the PLL. */
void mt_stm32l4_clock_from_pll(void);

/* Start the cycle counter. */
void mt_stm32l4_count_cycles(void);

/* Open the console's UART, whose clock and pins are ready. */
void mt_stm32l4_console_open(void);

/* Hand what was received to mt_console_received(): the console's interrupt. */
void mt_stm32l4_console_handler(void);

#endif
