"""The virtual board's count of instructions against QEMU's, instruction by instruction, over whole inferences."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.compiler import compile_model
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.toolchain.archive import run_tool, static_library
from orchestrator.toolchain.footprint import read_segments
from orchestrator.toolchain.link import network_compiler
from orchestrator.toolchain.runtime_files import runtime_headers, runtime_sources
from orchestrator.virtual_board.machine import Machine
from orchestrator.virtual_board.serial_line import SerialLine
from orchestrator.virtual_board.timing.native_engine import best_engine
from tests.unit.compiler.operator_models import OperatorModels
from tests.unit.compiler.recurrent_models import keyword_lstm

BOARD = load_board_type("nucleo_l476rg")
QEMU_MACHINE = "netduinoplus2"
"""A Cortex-M4 whose flash and RAM begin where the board's do."""

RESULT = 0x2000_0000
SCRIPT = """
ENTRY(reset)
SECTIONS
{
    . = 0x08000000;
    .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) . = ALIGN(8); }
    . = 0x20000000;
    .results (NOLOAD) : { *(.results) }
    .bss (NOLOAD) : { *(.bss*) *(COMMON) *(.data*) }
}
"""
PROGRAM = """
#include "mt_model.h"

/* On the board the cycle counter, which counts instructions; in QEMU, which has none, some word. */
#ifdef ON_THE_BOARD
#define COUNTER 0xE0001004U
#else
#define COUNTER 0x20000004U
#endif

extern uint32_t first_read, second_read;
__attribute__((section(".results"), used)) volatile uint32_t result[4];

static void run(void) { mt_model_run(&mt_model_instance); }

void reset(void)
{
    uint32_t before, after;
    *(volatile uint32_t *)0xE000ED88U = 0xFU << 20;
    *(volatile uint32_t *)0xE000EDFCU = 1U << 24;
#ifdef ON_THE_BOARD
    *(volatile uint32_t *)0xE0001000U = 1U;
#endif
    mt_model_reset(&mt_model_instance);
    const volatile uint32_t *counter = (const volatile uint32_t *)COUNTER;
    __asm volatile(".global first_read\\nfirst_read: ldr %0, [%1]" : "=r"(before) : "r"(counter) : "memory");
    run();
    __asm volatile(".global second_read\\nsecond_read: ldr %0, [%1]" : "=r"(after) : "r"(counter) : "memory");
    result[0] = after - before;
    __asm volatile("movs r0, #0x18\\n ldr r1, =0x20026\\n bkpt 0xAB" ::: "r0", "r1"); /* QEMU ends */
    for (;;) {}
}

static void sleep_for_ever(void)
{
    for (;;) __asm volatile("cpsid i\\n wfi");
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
    (void *)0x20018000, reset, sleep_for_ever, sleep_for_ever,
};
"""


def built(tflite: bytes, folder: Path, *options: str) -> Path:
    compiler = network_compiler(BOARD)
    runtime = static_library(compiler, runtime_sources(), runtime_headers())
    model, program, script = folder / "model.c", folder / "program.c", folder / "program.ld"
    model.write_text(compile_model(tflite).c_source)
    program.write_text(PROGRAM)
    script.write_text(SCRIPT)
    elf = folder / f"program{len(options)}.elf"
    includes = [f"-I{parent}" for parent in sorted({header.parent for header in runtime_headers()})]
    libraries = [runtime, "-lm", "-lc", "-lgcc"]
    flags = [*compiler.flags, *includes, "-nostdlib", "-Wl,--gc-sections,--no-warn-rwx-segments", f"-T{script}"]
    run_tool([compiler.tool("gcc"), *flags, *options, program, model, *libraries, "-o", elf])
    return elf


def counted_by_the_board(elf: Path) -> int:
    machine = Machine(
        BOARD,
        "00" * 12,
        SerialLine(),
        best_engine(),
        preloaded=read_segments(elf.read_bytes()),
        count_instructions=True,
    )
    while machine.advance():
        pass
    return int.from_bytes(machine.cpu.read_memory(RESULT, 4) or b"", "little")


def counted_by_qemu(elf: Path, folder: Path) -> int:
    """Count QEMU's log of every single instruction from one mark up to the other."""
    log = folder / "qemu.log"
    options = ["-nographic", "-semihosting", "-singlestep", "-d", "exec,nochain", "-D", str(log)]
    subprocess.run(["qemu-system-arm", "-M", QEMU_MACHINE, *options, "-kernel", elf], check=True, timeout=120)
    symbols = dict(reversed(line.split()[::2]) for line in run_tool(["arm-none-eabi-nm", elf]).splitlines())
    first, second = (int(symbols[name], 16) for name in ("first_read", "second_read"))
    executed = re.compile(r"\[[0-9a-f]+/([0-9a-f]+)/")
    with log.open() as lines:
        addresses = [int(found[1], 16) for line in lines if (found := executed.search(line))]
    return addresses.index(second) - addresses.index(first)


def dense(_: int) -> bytes:
    return OperatorModels(0).fully_connected()


@pytest.mark.parametrize("network", [dense, keyword_lstm, lambda seed: OperatorModels(seed).convolution(True)])
def test_the_board_counts_as_qemu_does(network: Callable[[int], bytes], tmp_path: Path) -> None:
    for tool in ("qemu-system-arm", "arm-none-eabi-gcc"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed (scripts/setup.sh)")
    tflite = network(0)
    expected = counted_by_qemu(built(tflite, tmp_path), tmp_path)
    assert counted_by_the_board(built(tflite, tmp_path, "-DON_THE_BOARD")) == expected > 1000
