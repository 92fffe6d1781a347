#include "clock.h"

#include "port.h"

#define CYCLES_PER_MICROSECOND (MT_CLOCK_HZ / 1000000U)

uint32_t mt_micros(void)
{
    static uint32_t counted_cycles;
    static uint32_t micros;
    const uint32_t elapsed = (mt_port_cycles() - counted_cycles) / CYCLES_PER_MICROSECOND;
    counted_cycles += elapsed * CYCLES_PER_MICROSECOND;
    micros += elapsed;
    return micros;
}
