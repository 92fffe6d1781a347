"""The table of the Cortex-M0+, and sequences counted by hand on a board with one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.toolchain.archive import run_tool
from orchestrator.virtual_board.machine import Machine, State
from orchestrator.virtual_board.serial_line import SerialLine
from orchestrator.virtual_board.timing.cortex_m0plus import cycles_of
from orchestrator.virtual_board.timing.engine import TimingEngine
from orchestrator.virtual_board.timing.instruction import Instruction
from orchestrator.virtual_board.timing.native_engine import best_engine
from orchestrator.virtual_board.timing.python_engine import PythonEngine

G071 = load_board_type("nucleo_g071rb")
RESULT = 0x2000_0100
HANDLED = 0x1234

PROGRAM = """
    .syntax unified
    .cpu cortex-m0plus
    .thumb
    .word 0x20001000, start + 1, fault + 1, fault + 1
    .thumb_func
start:
    ldr r0, =0x4002103C     @ RCC_APBENR1: TIM2
    movs r1, #1
    str r1, [r0]
    ldr r0, =0x40000000
    str r1, [r0]
    ldr r4, =0x20000200
    movs r2, #3
    movs r3, #8
    b 0f
    .ltorg
    .balign 4
0:  ldr r5, [r0, #0x24]
    {sequence}
    ldr r6, [r0, #0x24]
    subs r6, r6, r5
    ldr r1, =0x20000100
    str r6, [r1]
    cpsid i
9:  wfi
    b 9b
    .thumb_func
fault:
    ldr r1, =0x20000100
    ldr r6, =0x1234
    str r6, [r1]
8:  wfi
    b 8b
    .ltorg
"""
READ_CYCLES = 2


def result_of(sequence: str, folder: Path, engine: TimingEngine) -> int:
    """Run a sequence on the board and give its cycles, or `HANDLED` where it faulted."""
    source, elf, image = folder / "program.s", folder / "program.elf", folder / "program.bin"
    source.write_text(PROGRAM.format(sequence=sequence))
    run_tool(["arm-none-eabi-gcc", "-nostdlib", "-Wl,-Ttext=0x08000000,--entry=start", source, "-o", elf])
    run_tool(["arm-none-eabi-objcopy", "-O", "binary", elf, image])
    machine = Machine(G071, "00" * 12, SerialLine(), engine, zero_wait_states=True)
    machine.cpu.program(0x0800_0000, image.read_bytes())
    machine.reset()
    while machine.advance():
        pass
    assert machine.state is State.RUNNING
    return int.from_bytes(machine.cpu.read_memory(RESULT, 4) or b"", "little")


@pytest.mark.parametrize(
    ("sequence", "cycles"),
    [
        ("nop", 1),
        ("muls r3, r2, r3", 1),
        ("ldr r7, [r4]; ldr r7, [r4, #4]; str r7, [r4]", 6),
        ("push {{r2, r3, r4}}; pop {{r2, r3, r4}}", 8),
        ("stmia r4!, {{r2, r3}}", 3),
        ("b 1f; nop; 1:", 2),
        ("1: subs r2, #1; bne 1b", 3 + 2 * 2 + 1),
        ("bl 1f; b 2f; 1: bx lr; 2:", 3 + 2 + 2),
        ("mrs r7, primask; dsb", 6),
    ],
)
def test_a_sequence_takes_what_the_manual_says(sequence: str, cycles: int, tmp_path: Path) -> None:
    assert result_of(sequence.replace("{{", "{").replace("}}", "}"), tmp_path, best_engine()) == READ_CYCLES + cycles


@pytest.mark.parametrize("engine", [best_engine, PythonEngine])
@pytest.mark.parametrize(
    "sequence",
    [
        ".short 0xDE00",
        ".short 0xF240, 0x0701",  # movw r7, #1
        ".short 0xFBB2, 0xF7F3",  # udiv r7, r2, r3
        "ldr r7, =0xE0001004; ldr r7, [r7]",
        "adds r4, #1; ldr r7, [r4]",
        "adds r4, #2; str r7, [r4]",
        "adds r4, #1; ldrh r7, [r4]",
        "adds r4, #2; ldmia r4!, {r5, r6}",
    ],
)
def test_what_the_core_cannot_do_ends_in_the_hard_fault_handler(
    sequence: str, engine: Callable[[], TimingEngine], tmp_path: Path
) -> None:
    assert result_of(sequence, tmp_path, engine()) == HANDLED


@pytest.mark.parametrize(
    ("text", "cycles"),
    [
        ("pop {r4, pc}", 4),
        ("push {r4, r5, lr}", 4),
        ("bl #0", 2),
        ("isb sy", 3),
        ("strb r0, [r1]", 2),
        ("lsls r0, r1", 1),
    ],
)
def test_cycles_of_an_instruction(text: str, cycles: int) -> None:
    name, _, operands = text.partition(" ")
    assert cycles_of([Instruction(0, 2, name, operands)]) == (cycles,)
