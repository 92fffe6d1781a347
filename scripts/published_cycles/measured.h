/* What a program under measurement and its start share. */
#ifndef MEASURED_H
#define MEASURED_H

#include <stdint.h>

#define CYCCNT (*(volatile uint32_t *)0xE0001004U)

/* Note the cycles of one operation; the host reads them from the start of RAM. */
void note_cycles(uint32_t cycles);

/* Note that an operation gave a wrong result. */
void note_failure(void);

void measured(void);

#endif
