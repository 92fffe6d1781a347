#include "dwt.h"

#include "port.h"

#define DEMCR (*(volatile uint32_t *)0xE000EDFCU)
#define DWT_CTRL (*(volatile uint32_t *)0xE0001000U)
#define DWT_CYCCNT (*(volatile uint32_t *)0xE0001004U)
#define DWT_LAR (*(volatile uint32_t *)0xE0001FB0U)

#define TRACE_ENABLE (1U << 24) /* power for the DWT */
#define UNLOCK 0xC5ACCE55U       /* CoreSight Architecture Specification, Lock Access Register */

void mt_dwt_start(void)
{
    DEMCR |= TRACE_ENABLE;
    DWT_LAR = UNLOCK; /* a Cortex-M7 ignores what follows otherwise; other cores ignore this */
    DWT_CYCCNT = 0U;
    DWT_CTRL |= 1U;
}

uint32_t mt_port_cycles(void)
{
    return DWT_CYCCNT;
}
