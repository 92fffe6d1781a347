"""Stray accesses and bad instructions end in the HardFault handler as on silicon."""

import pytest

from tests.unit.virtual_board.firmware import Bench

REPORT = """
static void report(const uint32_t *frame)
{
    put_word(frame[6]);
    put_word(frame[5]);
    put_word(SCB_CFSR);
    put_word(SCB_HFSR);
    put_word(SCB_BFAR);
    for (;;) __asm volatile("wfi");
}
void __attribute__((naked)) hard_fault(void) { __asm volatile("mov r0, sp\\n b report_stacked"); }
void __attribute__((used)) report_stacked(const uint32_t *frame) { report(frame); }
extern uint32_t culprit;
void start(void)
{
    usart_start(0);
    put_word((uint32_t)&culprit);
    __asm volatile(".global culprit\\n ldr r0, =%s\\n movs r1, #0\\n nop\\n culprit: %s" ::: "r0", "r1", "memory");
    for (;;) __asm volatile("wfi");
}
"""
BFARVALID, PRECISERR, IBUSERR, IACCVIOL = 1 << 15, 1 << 9, 1 << 8, 1
UNDEFINSTR, INVSTATE, NOCP = 1 << 16, 1 << 17, 1 << 19
FORCED = 1 << 30


@pytest.mark.parametrize(
    ("address", "instruction", "cfsr"),
    [
        ("0x30000000", "ldr r1, [r0]", PRECISERR | BFARVALID),
        ("0x20018000", "str r1, [r0]", PRECISERR | BFARVALID),
        ("0x00000000", "ldr r1, [r0]", PRECISERR | BFARVALID),
        ("0x08001000", "str r1, [r0]", PRECISERR | BFARVALID),
        ("0x40000000", "ldr r1, [r0]", PRECISERR | BFARVALID),
        ("0", "udf #0", UNDEFINSTR),
        ("0", "vmov s0, r0", NOCP),
    ],
)
def test_a_fault_stacks_the_culprit(address: str, instruction: str, cfsr: int) -> None:
    culprit, stacked_pc, _, seen_cfsr, hfsr, bfar = Bench(REPORT % (address, instruction)).words()
    assert (stacked_pc, seen_cfsr, hfsr) == (culprit, cfsr, FORCED)
    if cfsr & BFARVALID:
        assert bfar == int(address, 16)


@pytest.mark.parametrize(
    ("address", "cfsr"), [("0x30000001", IBUSERR), ("0x40004401", IACCVIOL), ("0x08000100", INVSTATE)]
)
def test_a_wild_jump_stacks_its_target(address: str, cfsr: int) -> None:
    words = Bench(REPORT % (address, "bx r0")).words()
    assert (words[1], words[3]) == (int(address, 16) & ~1, cfsr)


def test_a_fault_in_the_fault_handler_locks_up_until_the_next_reset() -> None:
    source = """
    void hard_fault(void) { REG(0x30000000) = 1; put('!'); for (;;) {} }
    void start(void) { usart_start(0); put('s'); REG(0x30000000) = 1; for (;;) {} }
    """
    bench = Bench(source)
    assert bench.run() == b"s"
    assert bench.is_locked_up
    assert bench.talk(b"hello") == b""
    bench.machine.reset()
    assert bench.run() == b"s"


def test_an_erased_flash_locks_up_silently() -> None:
    bench = Bench("void start(void) {}")
    bench.machine.flash.erase(0, bench.machine.flash.pages)
    bench.machine.reset()
    assert bench.run() == b""
    assert bench.is_locked_up


def test_a_stack_overflow_reaches_a_handler_that_sets_its_own_stack() -> None:
    source = """
    void __attribute__((naked)) hard_fault(void) { __asm volatile("ldr sp, =0x20018000\\n b after_fault"); }
    void __attribute__((used)) after_fault(void) { put_word(SCB_CFSR); for (;;) __asm volatile("wfi"); }
    void start(void)
    {
        usart_start(0);
        __asm volatile("ldr r0, =0x20000008\\n mov sp, r0\\n 1: push {r0-r7}\\n b 1b");
        for (;;) {}
    }
    """
    stkerr = 1 << 12
    assert Bench(source).words() == [PRECISERR | BFARVALID | stkerr]


def test_the_handler_can_reset_the_chip_through_aircr() -> None:
    source = """
    void hard_fault(void) { put('f'); SCB_AIRCR = 0x05FA0004; for (;;) {} }
    static uint32_t boots;
    void start(void)
    {
        usart_start(0);
        put('s');
        if (boots++ % 2 == 0) REG(0x30000000) = 1;
        for (;;) __asm volatile("wfi");
    }
    """
    assert Bench(source).run() == b"sfs"
