#include "fault.h"

#include <stdint.h>

#include "boot_request.h"
#include "console.h"
#include "memory_map.h"
#include "port.h"

#ifdef __ARM_ARCH_6M__
#define SCB_CFSR 0U /* ARMv6-M does not tell */
#else
#define SCB_CFSR (*(volatile uint32_t *)0xE000ED28U)
#endif

/* Words of the frame that the core pushes on an exception (ARMv7-M ARM, B1.5.6). */
enum { FRAME_LR = 5, FRAME_PC = 6, FRAME_WORDS = 8 };

__attribute__((used, noreturn)) void mt_fault_report(const uint32_t *frame);

__attribute__((naked)) void mt_fault_handler(void)
{
    /* The fault may be an overflow of the stack: report from a fresh one. */
    __asm volatile("mov r0, sp\n"
                   "ldr r1, =mt_stack_top\n"
                   "mov sp, r1\n"
                   "bl mt_fault_report\n");
}

void mt_fault_report(const uint32_t *frame)
{
    uint32_t pc = 0U;
    uint32_t lr = 0U;
    if (frame >= mt_stack_bottom && frame + FRAME_WORDS <= mt_stack_top) {
        pc = frame[FRAME_PC];
        lr = frame[FRAME_LR];
    }
    mt_say("\ne-[fault pc=%x lr=%x cfsr=%x]\n", pc, lr, SCB_CFSR);
    mt_port_console_flush();
    mt_reboot(MT_BOOT_NORMAL);
}
