/* The resident loader: what runs after every reset of a board that is flashed over its console (docs/boards.md). */
#include "boot_request.h"
#include "fault.h"
#include "loader_commands.h"
#include "loader_wait.h"
#include "port.h"
#include "validity.h"

/* How long a host is waited for after a reset; it says hello more than twice in this time. */
#define WINDOW_MS 150U
/* How long a host may be silent at another speed than the console's until it counts as gone, by `mt_speed`. */
static const uint32_t patience_ms[] = {
    [MT_SPEED_OF_CONSOLE] = MT_FOREVER, [MT_SPEED_ON_TRIAL] = 500U, [MT_SPEED_PROVEN] = 5000U};
/* So many damaged frames one after another are another speed, not noise. */
#define DAMAGES_OF_ANOTHER_SPEED 4U

enum { NMI = 2, FRAME_PC = 6 /* word of the frame that the core pushes on an exception */ };

static mt_frame frame;

/* Give the stack pointer and the entry of the application's vector table to the core, as a reset does. */
__attribute__((noreturn)) static void jump_to_application(void)
{
    const uint32_t *vectors = (const uint32_t *)MT_APPLICATION_START;
    __asm volatile("msr msp, %0\n"
                   "bx %1\n" ::"r"(vectors[0]), "r"(vectors[1]));
    __builtin_unreachable();
}

/* Armv7-M ARM A5.1: the first halfword tells. */
static uint32_t instruction_bytes(uint32_t address)
{
    return *(const uint16_t *)address >> 11 >= 0x1DU ? 4U : 2U;
}

/* Unreadable words only make CRCs differ; anything else starts the loader anew. After an NMI the load has given
 * something; after a HardFault it would be done again, and is left out (flash_read.h). */
__attribute__((used)) void mt_loader_fault(uint32_t *frame)
{
    uint32_t exception;
    __asm volatile("mrs %0, ipsr" : "=r"(exception));
    const bool was_unreadable = mt_port_flash_acknowledge_ecc();
    if (exception != NMI && !was_unreadable) {
        mt_reboot(MT_BOOT_STAY_IN_LOADER);
    }
    if (exception != NMI) {
        frame[FRAME_PC] += instruction_bytes(frame[FRAME_PC]);
    }
}

__attribute__((naked)) void mt_fault_handler(void)
{
    __asm volatile("mov r0, sp\n"
                   "ldr r1, =mt_loader_fault\n"
                   "bx r1\n");
}

__attribute__((noreturn)) static void serve(void)
{
    uint32_t damages = 0U;
    for (;;) {
        const mt_speed speed = mt_loader_speed();
        const mt_reception reception = mt_frame_receive(&frame, patience_ms[speed]);
        damages = reception == MT_FRAME_DAMAGED ? damages + 1U : 0U;
        if (reception == MT_FRAME_GOOD) {
            mt_loader_speed_prove();
            mt_loader_answer(&frame);
        } else if (speed != MT_SPEED_OF_CONSOLE && (damages == 0U || damages >= DAMAGES_OF_ANOTHER_SPEED)) {
            mt_loader_speed_reset();
        } else {
            mt_frame_reply(&frame, MT_BAD_FRAME, 0, 0U);
        }
    }
}

int main(void)
{
    const mt_boot_request_kind request = mt_boot_request_take();
    const bool can_start = mt_application_is_valid();
    if (request == MT_BOOT_APPLICATION && can_start) {
        jump_to_application();
    }
    mt_port_clock_init();
    mt_port_console_init();
    mt_port_console_interrupt(false);
    mt_wait_init();
    if (request == MT_BOOT_NORMAL && can_start) {
        if (mt_frame_receive(&frame, WINDOW_MS) != MT_FRAME_GOOD) {
            mt_reboot(MT_BOOT_APPLICATION); /* through a reset, so that it finds the chip untouched */
        }
        mt_loader_answer(&frame);
    }
    serve();
}
