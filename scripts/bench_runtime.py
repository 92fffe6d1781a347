#!/usr/bin/env python3
"""Measure the four MLPerf Tiny networks and print them beside TensorFlow Lite Micro with CMSIS-NN.

Usage: .venv/bin/python scripts/bench_runtime.py MODELS_DIR [--board TYPE] [--model NAME ...] [--layers]

Exit code 1 when a figure is worse than the peer's or than the limit on flash. Cycles are the timing model's, zero wait
states; the peer's were counted by an earlier form of the same model, which gave 1 to 4 % less, on a Cortex-M4F.
"""

import argparse
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from orchestrator.compiler import compile_model
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.measurement import Measurement
from orchestrator.domain.parity import ParityReport
from orchestrator.pipeline.measure_model import ModelReport, measure_model
from orchestrator.toolchain.link import link_image

LARGEST_CODE_BYTES = 20 * 1024
LARGEST_STACK_BYTES = 844
"""What TensorFlow Lite Micro's inference takes of the stack on the three convolutional networks."""

COLUMNS = (
    "network",
    "cycles",
    "of the peer's",
    "per MAC",
    "with wait states",
    "flash without weights",
    "arena",
    "of the peer's",
    "stack",
    "parity",
    "compile + link, s",
)


@dataclass(frozen=True)
class Peer:
    """What TensorFlow Lite Micro with CMSIS-NN takes for one network."""

    macs: int
    cycles: int
    code_bytes: int
    arena_bytes: int
    stack_bytes: int


# tflite-micro of November 2026 with CMSIS-NN, minimal operator resolver, GCC 12.2 -O2, Cortex-M4F, one inference;
# cycles by an earlier form of docs/timing_model.md without wait states; code_bytes is flash without the model's data.
PEERS = {
    "ad01_int8": Peer(264_192, 724_000, 28_072, 2_580, 556),
    "kws_ref_model_int8": Peer(2_656_768, 9_210_000, 53_440, 22_820, 844),
    "ic_pretrainedResnet_quant_int8": Peer(12_501_632, 36_500_000, 51_244, 54_996, 844),
    "vww_96_int8": Peer(7_489_664, 29_100_000, 53_440, 100_708, 844),
}


def main() -> int:
    arguments = _arguments()
    board = load_board_type(arguments.board)
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|")
    ratios: list[float] = []
    missed: list[str] = []
    details: list[str] = []
    for name in arguments.model or PEERS:
        tflite = (arguments.models / f"{name}.tflite").read_bytes()
        report = measure_model(tflite, board, samples=4, repeats=1, zero_wait_states=True)
        waiting = measure_model(tflite, board, samples=1, repeats=1, zero_wait_states=False).measurement.cycles
        print(_row(name, report, waiting, _build_seconds(tflite, board)), flush=True)
        ratios.append(report.measurement.cycles / PEERS[name].cycles)
        missed += _missed(name, report)
        if arguments.layers:
            counted = measure_model(tflite, board, samples=1, repeats=1, zero_wait_states=True, count_instructions=True)
            details += [f"\n{name}", *_layers(tflite, report.measurement, counted.measurement)]
    print(f"\ncycles, geometric mean of the ratios: {math.exp(sum(map(math.log, ratios)) / len(ratios)):.3f}")
    print("\n".join(details))
    for line in missed:
        print(line, file=sys.stderr)
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the runtime beside TensorFlow Lite Micro with CMSIS-NN.")
    parser.add_argument("models", type=Path, help="folder with the four .tflite files")
    parser.add_argument("--board", default="nucleo_l476rg", help="board type (default: %(default)s)")
    parser.add_argument("--model", action="append", choices=sorted(PEERS), help="this network only; may be repeated")
    parser.add_argument("--layers", action="store_true", help="cycles and instructions of each layer, and per MAC")
    return parser.parse_args()


def _build_seconds(tflite: bytes, board: BoardType) -> float:
    """Give the seconds from the file to the image, kernels and firmware being in the cache."""
    start = time.perf_counter()
    link_image(compile_model(tflite), board)
    return time.perf_counter() - start


def _row(name: str, report: ModelReport, waiting_cycles: int, build_s: float) -> str:
    measured, peer = report.measurement, PEERS[name]
    footprint = measured.footprint
    cells = (
        name,
        f"{measured.cycles:,}",
        f"{measured.cycles / peer.cycles:.3f}",
        f"{measured.cycles / peer.macs:.2f}",
        f"{waiting_cycles:,}",
        f"{footprint.code_bytes:,}",
        f"{footprint.arena_bytes:,}",
        f"{footprint.arena_bytes / peer.arena_bytes:.2f}",
        f"{measured.stack_bytes}",
        "exact" if _is_exact(report) else "not exact",
        f"{build_s:.2f}",
    )
    return f"| {' | '.join(cells)} |"


def _missed(name: str, report: ModelReport) -> list[str]:
    """Give one line for each limit that this network breaks."""
    measured, peer = report.measurement, PEERS[name]
    figures = (
        ("cycles", measured.cycles, peer.cycles),
        ("flash without weights", measured.footprint.code_bytes, LARGEST_CODE_BYTES),
        ("arena", measured.footprint.arena_bytes, peer.arena_bytes),
        ("stack", measured.stack_bytes, LARGEST_STACK_BYTES),
    )
    lines = [f"{name}: {what} {value:,} is above {limit:,}" for what, value, limit in figures if value > limit]
    return lines if _is_exact(report) else [*lines, f"{name}: not shown to compute what TensorFlow Lite Micro does"]


def _is_exact(report: ModelReport) -> bool:
    """Say whether TensorFlow Lite Micro ran the network and gave the same outputs."""
    return isinstance(report.parity, ParityReport) and report.parity.exact


def _layers(tflite: bytes, measured: Measurement, counted: Measurement) -> list[str]:
    columns = ("layer", "cycles", "share", "cycles per MAC", "instructions", "instructions per MAC")
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    layers = zip(compile_model(tflite).layers, measured.layers, counted.layers, strict=True)
    for layer, timed, executed in layers:
        per_mac = [f"{run.cycles / layer.macs:.2f}" if layer.macs else "" for run in (timed, executed)]
        share = f"{timed.cycles / measured.cycles:.1%}"
        cells = (timed.operator, f"{timed.cycles:,}", share, per_mac[0], f"{executed.cycles:,}", per_mac[1])
        lines.append(f"| {' | '.join(cells)} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
