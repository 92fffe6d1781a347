/*
 * Start-up of the example for a bare Cortex-M: vector table, memories, FPU, and an end that QEMU or a debugger sees.
 * Your project has its own.
 */
#include <stdint.h>
#include <string.h>

extern uint32_t stack_top[], data_load[], data_start[], data_end[], bss_start[], bss_end[];

int main(void);
void initialise_monitor_handles(void); /* newlib: standard output by semihosting */
void reset(void);

/* SYS_EXIT_EXTENDED of Arm's semihosting specification: ends QEMU with this exit code. */
static void end(int status)
{
    const uint32_t reason_and_status[2] = {0x20026u, (uint32_t)status};
    register uint32_t operation __asm__("r0") = 0x20u;
    register const uint32_t *block __asm__("r1") = reason_and_status;
    __asm__ volatile("bkpt 0xab" : "+r"(operation) : "r"(block) : "memory");
}

static void fault(void)
{
    end(2);
    for (;;) {
    }
}

void reset(void)
{
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20; /* CPACR: full access to CP10 and CP11 */
    __asm__ volatile("dsb\n isb" ::: "memory");
#endif
    memcpy(data_start, data_load, (uint32_t)((char *)data_end - (char *)data_start));
    memset(bss_start, 0, (uint32_t)((char *)bss_end - (char *)bss_start));
    initialise_monitor_handles();
    end(main());
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    stack_top, (const void *)reset, (const void *)fault, (const void *)fault,
    (const void *)fault, (const void *)fault, (const void *)fault,
};
