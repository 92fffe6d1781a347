/* STM32L4R and STM32L4S (RM0432): up to 120 MHz from HSI16 and PLL; console on LPUART1, PG7 and PG8. */
#include "port.h"
#include "stm32l4_family.h"

#define PWR_CR2 REGISTER(0x40007004U)
#define PWR_CR5 REGISTER(0x40007080U)
#define GPIOG_MODER REGISTER(0x48001800U)
#define GPIOG_AFRL REGISTER(0x48001820U)
#define GPIOG_AFRH REGISTER(0x48001824U)

enum { LPUART1_IRQ = 70 };

/* RM0432, chapter "Embedded flash memory", read access latency: one wait state per 20 MHz in voltage range 1. */
_Static_assert(MT_FLASH_WAIT_STATES == (MT_CLOCK_HZ - 1U) / 20000000U, "wait states of the manual");

_Static_assert(PLL_MULTIPLIES_TO_THE_CLOCK && PLL_N >= 8U && PLL_N <= 15U, "64 to 120 MHz in steps of 8");

#define PWR_CLOCK (1U << 28)
#define PWR_NO_BOOST (1U << 8) /* R1MODE: set after reset */
#define PWR_VDDIO2_VALID (1U << 9)
#define AHB_PRESCALER (15U << 4)
#define AHB_HALF_CLOCK (8U << 4)

mt_stm32l4_uart *const mt_stm32l4_console = (mt_stm32l4_uart *)0x40008000U;
const uint32_t mt_stm32l4_console_irq = LPUART1_IRQ;

MT_PORT_VECTORS const mt_vector mt_port_vectors[] = {[LPUART1_IRQ] = mt_stm32l4_console_handler};

/* RM0432, chapter "Power control", dynamic voltage scaling: above 80 MHz range 1 needs boost mode, and the core goes
 * through half its clock for at least 1 us. */
void mt_port_clock_init(void)
{
    RCC_APB1ENR1 |= PWR_CLOCK;
    PWR_CR5 &= ~PWR_NO_BOOST;
    mt_stm32l4_flash_access(MT_FLASH_WAIT_STATES);
    mt_stm32l4_pll_start();
    RCC_CFGR = (RCC_CFGR & ~AHB_PRESCALER) | AHB_HALF_CLOCK;
    mt_stm32l4_clock_from_pll();
    mt_stm32l4_count_cycles();
    while (mt_port_cycles() < MT_CLOCK_HZ / 1000000U) { /* 2 us at half the clock */
    }
    RCC_CFGR &= ~AHB_PRESCALER;
}

/* RM0432, chapter "LPUART", baud rate: BRR = 256 x clock / baud, in 32 bits. */
uint32_t mt_stm32l4_divider(uint32_t baud)
{
    return 256U * (MT_CLOCK_HZ / baud) + (256U * (MT_CLOCK_HZ % baud) + baud / 2U) / baud;
}

/* RM0432, option byte DBANK: 4 KiB while the flash is two banks, 8 KiB when it is one. */
uint32_t mt_stm32l4_page_bytes(void)
{
    return FLASH_OPTR >> 22 & 1U ? 4096U : 8192U;
}

void mt_port_console_init(void)
{
    PWR_CR2 |= PWR_VDDIO2_VALID;         /* PG2 to PG15 hang off VDDIO2, isolated after reset */
    RCC_AHB2ENR |= 1U << 6;              /* GPIOG */
    RCC_APB1ENR2 |= 1U;                  /* LPUART1 */
    GPIOG_AFRL = (GPIOG_AFRL & ~(15U << 28)) | 8U << 28; /* PG7: AF8 */
    GPIOG_AFRH = (GPIOG_AFRH & ~15U) | 8U;               /* PG8: AF8 */
    GPIOG_MODER = (GPIOG_MODER & ~(15U << 14)) | 10U << 14; /* alternate function */
    mt_stm32l4_console_open();
}
