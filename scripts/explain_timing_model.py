#!/usr/bin/env python3
"""Set what the timing model misses of published cycles beside what the code consists of.

Usage: .venv/bin/python scripts/explain_timing_model.py PQM4 [--row NAME ...]

Prints for each figure that scripts/check_timing_model.py compares: the part of the published cycles that the model does
not account for, and how often some kinds of instruction were executed, in percent of the published cycles. Counts with
the engine in Python, which takes minutes.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import unicorn
from check_timing_model import OPERATIONS, ROWS, Row, build, published_cycles

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.toolchain.footprint import read_segments
from orchestrator.virtual_board.machine import Machine
from orchestrator.virtual_board.serial_line import SerialLine
from orchestrator.virtual_board.timing.block import BlockDecoder
from orchestrator.virtual_board.timing.cortex_m4 import cycles_of
from orchestrator.virtual_board.timing.instruction import Instruction
from orchestrator.virtual_board.timing.python_engine import PythonEngine

CYCLE_COUNTER = 0xE000_1004
KINDS = (
    *("loads alone", "loads in groups", "load after store", "taken branches", "calls", "IT", "divisions"),
    "across words",
)


class CountingEngine(PythonEngine):
    """Notes how often each block ran between the reads of CYCCNT that enclose an operation."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.cycles_at_read: list[int] = []
        self.ran: list[Counter[tuple[int, int]]] = []
        self.taken: list[int] = []

    def watch(self, unicorn_engine: Any) -> None:
        """Begin to note the reads of the cycle counter."""
        kind = unicorn.UC_HOOK_MEM_READ
        unicorn_engine.hook_add(kind, self._on_counter, begin=CYCLE_COUNTER, end=CYCLE_COUNTER + 3)

    def _on_counter(self, *_: Any) -> None:
        self.cycles_at_read.append(self.cycles)
        if len(self.cycles_at_read) % 2 == 1:
            self.ran.append(Counter())
            self.taken.append(0)

    def _on_block(self, unicorn_engine: Any, address: int, size: int, data: Any) -> None:
        came_from = self.block_end
        super()._on_block(unicorn_engine, address, size, data)
        if not self.stopped and len(self.cycles_at_read) % 2 == 1:
            self.ran[-1][address, size] += 1
            self.taken[-1] += address != came_from


def main() -> int:
    parser = argparse.ArgumentParser(description="Set what the timing model misses beside what the code consists of.")
    parser.add_argument("checkout", type=Path, help="checkout of github.com/mupq/pqm4, submodules included")
    parser.add_argument("--row", action="append", choices=[row.name for row in ROWS], help="only this; repeatable")
    arguments = parser.parse_args()
    published = published_cycles(arguments.checkout)
    columns = ("implementation", "operation", "missing", *KINDS)
    print(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|")
    for row in ROWS:
        if not arguments.row or row.name in arguments.row:
            explain(arguments.checkout, row, published[row.scheme, row.implementation])
    return 0


def explain(checkout: Path, row: Row, published: Sequence[int]) -> None:
    """Build an implementation, run each operation once and print what it consists of."""
    with tempfile.TemporaryDirectory() as folder:
        elf = Path(folder) / "program.elf"
        build(checkout, row, elf)
        segments = read_segments(elf.read_bytes())
    engine = CountingEngine()
    board = load_board_type("nucleo_l4r5zi")
    machine = Machine(board, "00" * 12, SerialLine(), engine, zero_wait_states=True, preloaded=segments)
    engine.watch(machine.cpu.unicorn)
    while machine.advance() and len(engine.cycles_at_read) < 2 * len(published):
        pass
    for at in row.compared:
        cycles = engine.cycles_at_read[2 * at + 1] - engine.cycles_at_read[2 * at]
        counted = _kinds_of(machine, engine.ran[at])
        counted["taken branches"] = engine.taken[at]
        shares = [f"{100 * counted[kind] / published[at]:.1f}" for kind in KINDS]
        missing = f"{100 - 100 * cycles / published[at]:.1f}"
        print(f"| {row.name} | {OPERATIONS[row.kind][at]} | {missing} | {' | '.join(shares)} |", flush=True)


def _kinds_of(machine: Machine, ran: Counter[tuple[int, int]]) -> Counter[str]:
    decoder, total = BlockDecoder(), Counter[str]()
    for (address, size_bytes), times in ran.items():
        code = machine.cpu.read_memory(address, size_bytes) or b""
        for kind, count in _kinds_in(decoder._instructions(address, code)).items():
            total[kind] += times * count
    return total


def _kinds_in(block: Sequence[Instruction]) -> Counter[str]:
    found, costs = Counter[str](), cycles_of(block)
    is_load = [instruction.name.startswith("ldr") and instruction.name != "ldrd" for instruction in block]
    for at, instruction in enumerate(block):
        overlaps = [is_load[near] and costs[near] == 1 for near in (at, at + 1) if near < len(block)]
        found["loads alone"] += is_load[at] and not any(overlaps)
        found["loads in groups"] += is_load[at] and any(overlaps)
        found["load after store"] += is_load[at] and at > 0 and block[at - 1].name.startswith("str")
        found["calls"] += instruction.name in ("bl", "blx")
        found["IT"] += instruction.name == "it"
        found["divisions"] += instruction.name in ("sdiv", "udiv")
        found["across words"] += instruction.size_bytes == 4 and instruction.address % 4 != 0
    return found


if __name__ == "__main__":
    sys.exit(main())
