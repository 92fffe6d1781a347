"""Interrupts as the NVIC takes them, and WFI."""

from dataclasses import replace

import pytest

from orchestrator.virtual_board.serial_line import LineFormat
from tests.unit.virtual_board.firmware import BOARD, DEVICE_ID, ECHO_POLLED, ECHO_WITH_INTERRUPT, Bench


def test_wfi_sleeps_until_a_byte_arrives() -> None:
    bench = Bench(ECHO_WITH_INTERRUPT)
    assert bench.run() == b""
    before = bench.engine.instructions
    assert not bench.machine.advance()
    assert bench.engine.instructions == before
    assert bench.talk(b"a") == b"a"


@pytest.mark.parametrize("source", [ECHO_POLLED, ECHO_WITH_INTERRUPT])
def test_no_byte_is_lost_at_full_speed(source: str) -> None:
    data = bytes(range(256)) * 20
    assert Bench(source).talk(data) == data


def test_an_interrupt_keeps_registers_flags_and_fpu_state() -> None:
    source = """
    static volatile uint32_t ticks;
    static volatile float noise;
    void systick_interrupt(void) { ticks++; noise = noise * 1.5f + 1.0f; }
    static void __attribute__((noinline)) work(void)
    {
        REG(0xE000E014) = 200;
        REG(0xE000E010) = 7;
        float sum = 0.0f;
        uint32_t hash = 1;
        for (int i = 0; i < 20000; i++) { sum += (float)(i & 7); hash = hash * 31 + (uint32_t)i; }
        REG(0xE000E010) = 0;
        put_word((uint32_t)sum);
        put_word(hash);
        put_word(ticks > 500);
    }
    void start(void)
    {
        SCB_CPACR = 0xFu << 20;
        usart_start(0);
        work();
        for (;;) __asm volatile("wfi");
    }
    """
    expected = 1
    for i in range(20_000):
        expected = (expected * 31 + i) & 0xFFFF_FFFF
    assert Bench(source).words() == [sum(i & 7 for i in range(20_000)), expected, 1]


def test_an_fpu_frame_has_26_words_and_a_plain_one_8() -> None:
    source = """
    uint32_t depth;
    void __attribute__((naked)) svc(void)
    { __asm volatile("ldr r0, =depth\\n mov r1, sp\\n str r1, [r0]\\n bx lr"); }
    static uint32_t frame_bytes(void)
    {
        uint32_t before;
        __asm volatile("mov %0, sp\\n svc 0" : "=r"(before) :: "r0", "r1", "memory");
        return before - depth;
    }
    void start(void)
    {
        SCB_CPACR = 0xFu << 20;
        usart_start(0);
        put_word(frame_bytes() & ~7u);
        __asm volatile("vmov s0, r0" ::: "s0");
        put_word(frame_bytes() & ~7u);
        for (;;) __asm volatile("wfi");
    }
    """
    assert Bench(source).words() == [32, 104]


@pytest.mark.parametrize(("core", "handler_with_fpu_frame"), [("cortex-m4", 0xFFFF_FFE1), ("cortex-m33", 0xFFFF_FFA0)])
def test_exc_return_says_where_the_frame_is_and_how_long(core: str, handler_with_fpu_frame: int) -> None:
    source = """
    uint32_t seen, process_stack[64];
    void __attribute__((naked)) svc(void) { __asm volatile("ldr r0, =seen\\n str lr, [r0]\\n bx lr"); }
    static void tell(void)
    {
        __asm volatile("svc 0" ::: "r0", "memory");
        put_word(seen);
    }
    void systick_interrupt(void) { tell(); }
    void start(void)
    {
        SCB_CPACR = 0xFu << 20;
        REG(0xE000ED20) = 0xF0u << 24; /* SHPR3: SysTick is less urgent than SVCall */
        usart_start(0);
        tell();
        REG(0xE000ED04) = 1u << 26; /* ICSR: pend SysTick */
        __asm volatile("isb");
        __asm volatile("msr psp, %0\\n mov r1, #2\\n msr control, r1\\n isb" :: "r"(&process_stack[64]) : "r1");
        tell();
        __asm volatile("vmov s0, r0" ::: "s0");
        tell();
        for (;;) __asm volatile("wfi");
    }
    """
    plain, to_thread, process_stack = 0x10, 0x8, 0x4
    kinds = (plain + to_thread, plain, plain + to_thread + process_stack, to_thread + process_stack)
    expected = [handler_with_fpu_frame + kind for kind in kinds]
    assert Bench(source, board=replace(BOARD, core=core)).words() == expected


def test_primask_holds_an_interrupt_back_until_it_is_cleared() -> None:
    source = """
    void systick_interrupt(void) { put('i'); REG(0xE000E010) = 0; }
    void start(void)
    {
        usart_start(0);
        __asm volatile("cpsid i");
        REG(0xE000E014) = 1000;
        REG(0xE000E010) = 7;
        for (volatile int i = 0; i < 1000; i++) {}
        put('m');
        __asm volatile("cpsie i");
        put('e');
        for (;;) __asm volatile("wfi");
    }
    """
    assert Bench(source).run() == b"mie"


def test_systick_wakes_a_sleeping_board_when_its_time_has_come() -> None:
    source = """
    void systick_interrupt(void) { put('t'); }
    void start(void)
    {
        usart_start(0);
        REG(0xE000E014) = 7999999; /* a tenth of a second at 80 MHz */
        REG(0xE000E018) = 0;
        REG(0xE000E010) = 7;
        for (;;) __asm volatile("wfi");
    }
    """
    bench = Bench(source)
    assert bench.run() == b""
    wakes_in_s = bench.machine.wakes_in_s()
    assert wakes_in_s == pytest.approx(0.1, rel=0.01)
    bench.machine.sleep_s(0.9 * wakes_in_s)
    assert bench.run() == b""
    bench.machine.sleep_s(0.2 * wakes_in_s)
    assert bench.run() == b"t"


def test_wfe_and_yield_do_not_stop_the_core() -> None:
    source = 'void start(void) { usart_start(0); __asm volatile("wfe\\n yield\\n sev"); put(1); for (;;) {} }'
    assert Bench(source).run() == b"\x01"


def test_a_wrong_bit_rate_gives_garbage_both_ways() -> None:
    bench = Bench(ECHO_POLLED)
    bench.run()
    bench.line.host_format = LineFormat(9_600.0, "N")
    assert bench.talk(b"hello") != b"hello"
    bench.line.host_format = LineFormat(116_000.0, "N")
    assert bench.talk(b"hello") == b"hello"


def test_a_peripheral_without_its_clock_reads_zero() -> None:
    source = """
    void start(void)
    {
        GPIOA_MODER = 0;
        uint32_t unclocked = GPIOA_MODER;
        usart_start(0);
        put_word(unclocked);
        put_word(REG(0x48000000) != 0);
        for (;;) __asm volatile("wfi");
    }
    """
    assert Bench(source).words() == [0, 1]


def test_the_firmware_reads_the_chip_s_identity() -> None:
    source = """
    void start(void)
    {
        usart_start(0);
        for (uint32_t at = 0; at < 12; at += 4) put_word(REG(0x1FFF7590 + at));
        put_word(REG(0x1FFF75E0) & 0xFFFF);
        put_word(REG(0xE0042000) & 0xFFF);
        for (;;) __asm volatile("wfi");
    }
    """
    *unique_id, flash_kib, product = Bench(source).words()
    assert "".join(f"{word:08x}" for word in unique_id) == DEVICE_ID
    assert (flash_kib, product) == (1024, 0x415)
