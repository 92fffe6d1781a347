#include "loader_wait.h"

#include "console.h"
#include "port.h"

#define SYST_CSR (*(volatile uint32_t *)0xE000E010U)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014U)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018U)
#define SCB_ICSR (*(volatile uint32_t *)0xE000ED04U)
#define ICSR_CLEAR_SYSTICK (1U << 25)

enum { SYST_ON = 7 /* core clock, interrupt, enabled */, SYST_COUNTED = 1 << 16 };

/* So often the next byte is asked for before the core goes to sleep: often it is there already. */
#define ASKING 32U

/* The console's interrupt is only to end sleep; with interrupts masked its handler never runs. */
void mt_console_received(uint8_t byte)
{
    (void)byte;
}

void mt_wait_init(void)
{
    __asm volatile("cpsid i" ::: "memory");
    SYST_RVR = MT_CLOCK_HZ / 1000U - 1U;
}

static bool asked_in_vain(uint8_t *byte)
{
    for (uint32_t i = 0; i < ASKING; i++) {
        if (mt_port_console_take(byte)) {
            return false;
        }
    }
    return true;
}

/* Sleep till a byte is there or `limit_ms` ticks of SysTick are over. */
static bool slept_in_vain(uint8_t *byte, uint32_t limit_ms)
{
    SYST_CVR = 0U;
    SYST_CSR = limit_ms == MT_FOREVER ? 0U : SYST_ON;
    while (limit_ms != 0U) {
        if (mt_port_console_take(byte)) {
            return false;
        }
        __asm volatile("wfi" ::: "memory");
        if (SYST_CSR & SYST_COUNTED) {
            SCB_ICSR = ICSR_CLEAR_SYSTICK;
            limit_ms--;
        }
    }
    return true;
}

bool mt_wait_byte(uint8_t *byte, uint32_t limit_ms)
{
    if (!asked_in_vain(byte)) {
        return true;
    }
    mt_port_console_interrupt(true);
    const bool in_vain = slept_in_vain(byte, limit_ms);
    mt_port_console_interrupt(false);
    SYST_CSR = 0U;
    SCB_ICSR = ICSR_CLEAR_SYSTICK;
    return !in_vain;
}
