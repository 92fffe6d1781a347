/* Start without clock set-up (the host asks for zero wait states), run what is measured, and sleep. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "measured.h"
#include "randombytes.h"

enum { MOST_RESULTS = 62 };

__attribute__((section(".results"), used)) static volatile struct {
    uint32_t count, failures;
    uint32_t cycles[MOST_RESULTS];
} results;

extern uint32_t stack_top[], data_start[], data_end[], data_image[], bss_start[], bss_end[];
extern char end[];

void *_sbrk(ptrdiff_t bytes);
void reset(void);

void note_cycles(uint32_t cycles)
{
    if (results.count < MOST_RESULTS) {
        results.cycles[results.count++] = cycles;
    }
}

void note_failure(void)
{
    results.failures++;
}

/* The same numbers in every run; on the boards they came from a hardware generator. */
int randombytes(uint8_t *out, size_t length)
{
    static uint32_t state = 2463534242U;
    for (size_t i = 0; i < length; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        out[i] = (uint8_t)state;
    }
    return 0;
}

void *_sbrk(ptrdiff_t bytes)
{
    static char *top = end;
    char *before = top;
    if (bytes > (char *)stack_top - top) {
        errno = ENOMEM;
        return (void *)-1;
    }
    top += bytes;
    return before;
}

static void sleep_for_ever(void)
{
    for (;;) {
        __asm volatile("cpsid i\nwfi");
    }
}

static void fault(void)
{
    note_failure();
    sleep_for_ever();
}

void reset(void)
{
    *(volatile uint32_t *)0xE000ED88U = 0xFU << 20; /* CPACR: the FPU */
    *(volatile uint32_t *)0xE000EDFCU = 1U << 24;   /* DEMCR: trace, with it the cycle counter */
    *(volatile uint32_t *)0xE0001000U = 1U;         /* DWT_CTRL: count */
    memcpy(data_start, data_image, (size_t)((char *)data_end - (char *)data_start));
    memset(bss_start, 0, (size_t)((char *)bss_end - (char *)bss_start));
    results.count = results.failures = 0U;
    measured();
    sleep_for_ever();
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {stack_top, reset, fault, fault};
