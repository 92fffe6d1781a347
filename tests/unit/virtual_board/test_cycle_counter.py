"""The cycle counter against sequences counted by hand, and both engines against each other."""

from collections.abc import Callable

import pytest

from orchestrator.virtual_board.timing.engine import TimingEngine
from orchestrator.virtual_board.timing.native_engine import best_engine
from orchestrator.virtual_board.timing.python_engine import PythonEngine
from tests.unit.virtual_board.firmware import Bench

MEASURE = """
uint32_t data[16];
void __attribute__((noinline)) measured(void)
{
    __asm volatile(
        "ldr r0, =0xE0001004\\n ldr r4, =data\\n movs r2, #3\\n nop\\n"
        "ldr r1, [r0]\\n"
        %s
        "\\n ldr r3, [r0]\\n sub r0, r3, r1\\n ldr r1, =data\\n str r0, [r1, #60]\\n"
        ::: "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "s0", "s1", "s2", "memory", "cc");
}
void start(void)
{
    SCB_CPACR = 0xFu << 20;
    DEMCR = 1u << 24;
    DWT_CTRL = 1;
    usart_start(0);
    measured();
    put_word(data[15]);
    for (;;) __asm volatile("wfi");
}
"""
READ_CYCLES = 2  # the first read of CYCCNT itself, an LDR


@pytest.mark.parametrize(
    ("sequence", "cycles"),
    [
        ("nop", 1),
        ("nop\\n nop\\n nop", 3),
        ("nop\\n ldr r5, [r4]", 3),
        ("nop\\n ldr r5, [r4]\\n ldr r6, [r4, #4]", 4),
        ("nop\\n str r5, [r4]\\n ldr r6, [r4]", 4),
        ("nop\\n push {r4-r7}\\n pop {r4-r7}", 11),
        ("nop\\n udiv r5, r2, r2", 8),
        ("nop\\n vmov s0, r2\\n vmla.f32 s1, s0, s0\\n vdiv.f32 s2, s0, s0", 1 + 18),
        ("nop\\n b 1f\\n nop\\n 1: nop", 1 + 1 + 2 + 1),
        ("1: subs r2, #1\\n bne 1b", 3 * 2 + 2 * 2),
        ("cmp r2, #3\\n it eq\\n moveq r5, #1", 2),
    ],
)
def test_cyccnt_counts_a_sequence_as_counted_by_hand(sequence: str, cycles: int) -> None:
    assert Bench(MEASURE % f'"{sequence}"').words() == [READ_CYCLES + cycles]


@pytest.mark.parametrize("engine", [best_engine, PythonEngine])
@pytest.mark.parametrize("address", ["0xE0001004", "0x08000000"])
def test_code_behind_a_conditional_access_is_not_taken_for_its_it_block(
    address: str, engine: Callable[[], TimingEngine]
) -> None:
    access = f"ldr r6, ={address}\\n cmp r2, #3\\n it eq\\n ldreq r5, [r6]"
    behind = "b 1f\\n nop\\n 1: beq 2f\\n nop\\n 2: nop"  # a conditional branch within an IT block is undefined
    bench = Bench(MEASURE % f'"{access}\\n {behind}"', engine(), zero_wait_states=False)
    assert len(bench.words()) == 1
    assert not bench.is_locked_up


WORK = """
static const uint32_t table[256] = {1, 2, 3};
static uint32_t total;
void systick_interrupt(void) { total++; }
void start(void)
{
    REG(0x40022000) = 0x704; /* FLASH_ACR: 4 wait states, prefetch and both caches */
    DEMCR = 1u << 24;
    DWT_CTRL = 1;
    usart_start(0);
    REG(0xE000E014) = 4999; /* SysTick interrupts the work */
    REG(0xE000E018) = 0;
    REG(0xE000E010) = 7;
    for (uint32_t round = 0; round < 3; round++) {
        uint32_t before = DWT_CYCCNT;
        for (uint32_t i = 0; i < 20000; i++) total += table[(i * 37) & 255] * i;
        put_word(DWT_CYCCNT - before);
    }
    REG(0xE000E010) = 0;
    for (;;) __asm volatile("wfi");
}
"""


@pytest.mark.parametrize("zero_wait_states", [False, True])
def test_both_engines_count_the_same_cycles_and_instructions(zero_wait_states: bool) -> None:
    native = Bench(WORK, best_engine(), zero_wait_states)
    python = Bench(WORK, PythonEngine(), zero_wait_states)
    assert native.words() == python.words() != []
    assert (native.engine.cycles, native.engine.instructions) == (python.engine.cycles, python.engine.instructions)


INSTRUCTIONS = """
void start(void)
{
    uint32_t before, after, rounds = 10;
    DEMCR = 1u << 24;
    DWT_CTRL = 1;
    usart_start(0);
    __asm volatile(
        "ldr %0, [%3]\\n1: str %0, [sp, #-8]\\n ldr %1, [sp, #-8]\\n subs %2, %2, #1\\n bne 1b\\n ldr %1, [%3]"
        : "=&r"(before), "=&r"(after), "+&r"(rounds)
        : "r"(&DWT_CYCCNT)
        : "cc", "memory");
    put_word(after - before);
    for (;;) __asm volatile("wfi");
}
"""


@pytest.mark.parametrize("engine", [best_engine, PythonEngine])
def test_instructions_can_be_counted_in_place_of_cycles(engine: Callable[[], TimingEngine]) -> None:
    assert Bench(INSTRUCTIONS, engine(), count_instructions=True).words() == [1 + 10 * 4]


def test_the_same_program_takes_the_same_cycles_after_every_reset() -> None:
    bench = Bench(WORK, zero_wait_states=False)
    first = bench.words()
    bench.machine.reset()
    assert bench.words() == first


ON_COMMAND = """
static volatile uint8_t ring[64];
static volatile uint32_t written, taken;
static const uint32_t table[256] = {1, 2, 3};
static uint32_t total;
void usart_interrupt(void) { ring[written++ % 64] = (uint8_t)USART2_RDR; }
static void __attribute__((noinline)) work(void)
{
    uint32_t before = DWT_CYCCNT;
    for (uint32_t i = 0; i < 3000; i++) total += table[(i * 37) & 255] * i;
    put_word(DWT_CYCCNT - before);
}
void start(void)
{
    REG(0x40022000) = 0x704;
    DEMCR = 1u << 24;
    DWT_CTRL = 1;
    usart_start(RXNEIE);
    NVIC_ISER1 = 1u << 6;
    for (;;) {
        while (written == taken) __asm volatile("wfi");
        if (ring[taken++ % 64] == '%%') work();
    }
}
""".replace("%%", "%")


def test_how_the_bytes_of_a_command_arrive_does_not_change_the_cycles() -> None:
    counts = []
    for parts in ([b"infer 1%"], [b"in", b"fer 1", b"%"], [bytes([byte]) for byte in b"infer 1%"]):
        bench = Bench(ON_COMMAND, zero_wait_states=False)
        answers = [bench.talk(part) for part in parts]
        counts.append(answers[-1])
    assert len(counts[0]) == 4
    assert counts[0] == counts[1] == counts[2]


def test_wait_states_cost_cycles_and_zero_wait_states_do_not() -> None:
    slow, fast = Bench(WORK, zero_wait_states=False).words(), Bench(WORK, zero_wait_states=True).words()
    assert all(with_stalls > without for with_stalls, without in zip(slow, fast, strict=True))


def test_cyccnt_stands_still_without_trace_enable_and_can_be_set() -> None:
    source = """
    void start(void)
    {
        usart_start(0);
        DWT_CTRL = 1;
        put_word(DWT_CYCCNT);
        DEMCR = 1u << 24;
        DWT_CTRL = 0;
        DWT_CYCCNT = 1000;
        put_word(DWT_CYCCNT);
        for (;;) __asm volatile("wfi");
    }
    """
    assert Bench(source).words() == [0, 1000]
