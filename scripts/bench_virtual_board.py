#!/usr/bin/env python3
"""Measure how many instructions a second a virtual board executes, cycles counted.

Usage: .venv/bin/python scripts/bench_virtual_board.py MODELS_DIR [--board TYPE ...] [--model NAME ...] [--python]

One inference after one that is not timed, in this process, serial line included. `--python` adds the timing engine in
Python, which takes minutes. Exit code 1 when the native engine is slower than the limit.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.compiler import compile_model
from orchestrator.config.board_catalogue import board_type_names, load_board_type
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import DoesNotFitError
from orchestrator.domain.model import CompiledModel
from orchestrator.toolchain.link import link_image
from orchestrator.virtual_board.machine import Machine
from orchestrator.virtual_board.serial_line import LineFormat, SerialLine
from orchestrator.virtual_board.timing.engine import TimingEngine
from orchestrator.virtual_board.timing.native_engine import best_engine
from orchestrator.virtual_board.timing.python_engine import PythonEngine

SLOWEST_PER_S = 20e6
"""Instructions a second that the native engine must reach."""

COLUMNS = ("board type", "network", "engine", "wait states", "instructions", "cycles", "seconds", "M instructions / s")


@dataclass(frozen=True)
class Run:
    """One inference on one board."""

    instructions: int
    cycles: int
    seconds: float

    @property
    def instructions_per_s(self) -> float:
        return self.instructions / self.seconds


def main() -> int:
    arguments = _arguments()
    engines: dict[str, Callable[[], TimingEngine]] = {"native": best_engine}
    if arguments.python:
        engines["python"] = PythonEngine
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|")
    slow = []
    for tflite in sorted(arguments.models.glob("*.tflite")):
        if arguments.model and tflite.stem not in arguments.model:
            continue
        model = compile_model(tflite.read_bytes())
        for name in arguments.board or board_type_names():
            for engine, make_engine in engines.items():
                slow += _row(name, tflite.stem, model, engine, make_engine)
    for line in slow:
        print(line, file=sys.stderr)
    return 1 if slow else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how many instructions a second a virtual board executes.")
    parser.add_argument("models", type=Path, help="folder with .tflite files")
    parser.add_argument("--board", action="append", choices=board_type_names(), help="this board type; may be repeated")
    parser.add_argument("--model", action="append", help="this network only (file name without .tflite)")
    parser.add_argument("--python", action="store_true", help="the engine in Python as well")
    return parser.parse_args()


def _row(
    name: str, network: str, model: CompiledModel, engine: str, make_engine: Callable[[], TimingEngine]
) -> list[str]:
    """Print both rows of a board and a network; give what is too slow."""
    board = replace(load_board_type(name), application_offset_bytes=0)
    slow = []
    for zero_wait_states in (True, False):
        try:
            run = _timed(board, model, make_engine(), zero_wait_states)
        except DoesNotFitError:
            return []  # does not fit this board
        speed = f"{run.instructions_per_s / 1e6:.1f}"
        waiting = "none" if zero_wait_states else "as set"
        cells = (
            name,
            network,
            engine,
            waiting,
            f"{run.instructions:,}",
            f"{run.cycles:,}",
            f"{run.seconds:.2f}",
            speed,
        )
        print(f"| {' | '.join(cells)} |", flush=True)
        if engine == "native" and run.instructions_per_s < SLOWEST_PER_S:
            slow.append(f"{name}, {network}: {speed} million instructions a second are below {SLOWEST_PER_S / 1e6:.0f}")
    return slow


def _timed(board: BoardType, model: CompiledModel, engine: TimingEngine, zero_wait_states: bool) -> Run:
    line = SerialLine()
    line.host_format = LineFormat(float(board.console.baud), "N")
    segments = link_image(model, board).segments
    machine = Machine(board, "00112233445566778899aabb", line, engine, zero_wait_states, segments)
    for command in (b"", b"bench 1 0%"):
        line.send_to_target(command)
        while machine.advance():
            pass
    instructions, cycles, start = engine.instructions, engine.cycles, time.process_time()
    line.send_to_target(b"bench 1 0%")
    while machine.advance():
        pass
    seconds = time.process_time() - start
    if line.to_host.decode().count("m-cycles-[") != 2:
        raise RuntimeError(f"{board.name} did not run its network: {line.to_host.decode()[-200:]!r}")
    return Run(engine.instructions - instructions, engine.cycles - cycles, seconds)


if __name__ == "__main__":
    sys.exit(main())
