#include "boot_request.h"

/* Symbol of the linker scripts: the first word of the default RAM, the deepest of the stack. */
extern volatile uint32_t mt_boot_request[2];

#define SCB_AIRCR (*(volatile uint32_t *)0xE000ED0CU)
#define AIRCR_SYSTEM_RESET 0x05FA0004U /* VECTKEY, SYSRESETREQ (ARMv7-M ARM, B3.2.6) */

/* Together with its complement: RAM holds anything after power-on. */
#define MAGIC 0x6D744C00U

void mt_reboot(mt_boot_request_kind request)
{
    mt_boot_request[0] = MAGIC | request;
    mt_boot_request[1] = ~(MAGIC | request);
    __asm volatile("dsb" ::: "memory");
    SCB_AIRCR = AIRCR_SYSTEM_RESET;
    for (;;) {
    }
}

mt_boot_request_kind mt_boot_request_take(void)
{
    const uint32_t word = mt_boot_request[0];
    const uint32_t complement = mt_boot_request[1];
    mt_boot_request[0] = 0U;
    if (word != ~complement || (word & ~3U) != MAGIC) {
        return MT_BOOT_NORMAL;
    }
    return (mt_boot_request_kind)(word & 3U);
}
