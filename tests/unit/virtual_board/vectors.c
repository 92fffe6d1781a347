/* Vector table; a test program defines the handlers it needs. */
#include "firmware.h"

__attribute__((weak)) void hard_fault(void)
{
    for (;;) {
    }
}
__attribute__((weak, alias("hard_fault"))) void usart_interrupt(void);
__attribute__((weak, alias("hard_fault"))) void systick_interrupt(void);
__attribute__((weak, alias("hard_fault"))) void svc(void);

__attribute__((section(".vectors"), used)) static void (*const vectors[16 + 39])(void) = {
    [0] = (void (*)(void))0x20018000, [1] = start,        [3] = hard_fault,
    [11] = svc,                       [15] = systick_interrupt, [16 + 38] = usart_interrupt,
};
