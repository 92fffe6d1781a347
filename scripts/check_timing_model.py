#!/usr/bin/env python3
"""Compare the timing model of the Cortex-M4 with cycles that others published for a NUCLEO-L4R5ZI without wait states.

Usage: .venv/bin/python scripts/check_timing_model.py PQM4 [--row NAME ...] [--limit PERCENT]

PQM4 is a checkout of github.com/mupq/pqm4 with its submodules (`git clone --recursive`). Its implementations are built
here, run on the virtual board, and compared with the figures in its benchmarks.csv, which were measured on a board.
Those were built with GCC 11.3.1, so that figures of plain C compare two compilers as well; they are summed up apart.
Exit code 1 when a held-out figure of an implementation with assembly is further off than the limit.
"""

import argparse
import csv
import re
import struct
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.errors import ToolchainError
from orchestrator.toolchain.archive import run_tool
from orchestrator.toolchain.footprint import read_segments
from orchestrator.virtual_board.machine import Machine
from orchestrator.virtual_board.serial_line import SerialLine
from orchestrator.virtual_board.timing.native_engine import best_engine

LIMIT_PERCENT = 10.0
HERE = Path(__file__).parent / "published_cycles"
FLAGS = (
    *("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-O3", "-std=gnu99", "-fno-common", "-w"),
    *("-ffunction-sections", "-fdata-sections", "-nostartfiles", "--specs=nosys.specs", "-DPQM4", "-DMUPQ"),
    "-Wl,--gc-sections,--no-warn-rwx-segments",
)
"""As the checkout's own makefiles have them."""

SYMMETRIC = (
    *("mupq/common/fips202.c", "mupq/common/sp800-185.c", "mupq/common/nistseedexpander.c", "common/keccakf1600.S"),
    *("common/aes.c", "common/aes-encrypt.S", "common/aes-keyschedule.S", "common/aes-publicinputs.c"),
    *("common/aes-publicinputs.S", "mupq/common/sha2.c", "common/crypto_hashblocks_sha512_inner32.s"),
    "common/crypto_hashblocks_sha512.c",
)
OPERATIONS = {
    "kem": ("key generation", "encapsulation", "decapsulation"),
    "sign": ("key generation", "signing", "verification"),
}
COLUMNS = ("implementation", "hot loops", "operation", "used", "published", "ours", "ratio")


@dataclass(frozen=True)
class Row:
    """One implementation.

    Attributes:
        compared: operations whose cycles do not depend much on random numbers.
        fitted: the table's parameters were chosen with these figures; no other row's were looked at for that.
    """

    kind: str
    scheme: str
    implementation: str
    folder: str
    compared: tuple[int, ...]
    namespace: str = ""
    runs: int = 2
    fitted: bool = False

    @property
    def name(self) -> str:
        return f"{self.scheme} {self.implementation}"


def _own(kind: str, scheme: str, implementation: str, *compared: int, runs: int = 2, fitted: bool = False) -> Row:
    folder = f"crypto_{kind}/{scheme}/{implementation}"
    return Row(kind, scheme, implementation, folder, compared, runs=runs, fitted=fitted)


def _common(kind: str, scheme: str, implementation: str, *compared: int, runs: int = 1) -> Row:
    return Row(kind, scheme, implementation, f"mupq/crypto_{kind}/{scheme}/{implementation}", compared, runs=runs)


def _clean(kind: str, scheme: str, namespace: str, *compared: int) -> Row:
    folder = f"mupq/pqclean/crypto_{kind}/{scheme}/clean"
    return Row(kind, scheme, "clean", folder, compared, f"PQCLEAN_{namespace}_CLEAN_", runs=1)


ROWS = (
    _own("kem", "ml-kem-512", "m4fspeed", 0, 1, 2, fitted=True),
    _own("sign", "haetae2", "m4f", 2, fitted=True),
    _common("sign", "aimer128f", "ref", 0, 2),
    _own("kem", "ml-kem-768", "m4fspeed", 0, 1, 2),
    _own("kem", "ml-kem-1024", "m4fspeed", 0, 1, 2),
    _own("kem", "ml-kem-512", "m4fstack", 0, 1, 2),
    _own("sign", "ml-dsa-44", "m4f", 0, 2),
    _own("sign", "ml-dsa-65", "m4f", 0, 2),
    _own("sign", "fndsa_provisional-512", "m4f", 1, 2),
    _own("sign", "mayo1", "m4f", 0, 1, 2),
    _own("sign", "aimer128f", "m4speed", 0, 1, 2, runs=1),
    _own("sign", "perk-128-fast-3", "m4", 0, 1, 2, runs=1),
    _own("kem", "bikel1", "m4f", 0, 1, 2, runs=1),
    _common("kem", "bikel1", "opt", 0, 1, 2),
    _common("sign", "mayo1", "ref", 0, 1, 2),
    _common("sign", "hawk256", "ref", 2),
    _common("sign", "haetae2", "ref", 2),
    _clean("kem", "ml-kem-512", "MLKEM512", 0, 1, 2),
    _clean("kem", "hqc-128", "HQC128", 0, 1, 2),
    _clean("sign", "sphincs-sha2-128f-simple", "SPHINCSSHA2128FSIMPLE", 0, 1, 2),
    _clean("sign", "sphincs-shake-128f-simple", "SPHINCSSHAKE128FSIMPLE", 0, 1, 2),
)


@dataclass(frozen=True)
class Compared:
    """One figure of one implementation, ours and the published mean."""

    row: Row
    is_assembly: bool
    operation: str
    published: int
    ours: float

    @property
    def ratio(self) -> float:
        return self.ours / self.published


def main() -> int:
    arguments = _arguments()
    try:
        published = published_cycles(arguments.checkout)
    except OSError as error:
        print(f"{arguments.checkout}: no checkout of pqm4: {error}", file=sys.stderr)
        return 2
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|")
    compared: list[Compared] = []
    failed = False
    for row in ROWS:
        if arguments.row and row.name not in arguments.row:
            continue
        try:
            figures = compare(arguments.checkout, row, published)
        except ToolchainError as error:
            print(f"{row.name}: {error}", file=sys.stderr)
            failed = True
            continue
        for figure in figures:
            print(_line(figure), flush=True)
        compared += figures
    return int(_is_beyond(compared, arguments.limit) or failed)


def published_cycles(checkout: Path) -> dict[tuple[str, str], tuple[int, ...]]:
    """Give the mean cycles of the three operations by scheme and implementation."""
    found: dict[tuple[str, str], tuple[int, ...]] = {}
    with (checkout / "benchmarks.csv").open(newline="") as lines:
        for cells in csv.reader(lines):
            scheme = re.match(r"(\S+) \(\d+ executions\)", cells[0]) if cells else None
            if scheme and len(cells) >= 9:
                found[scheme.group(1), cells[1]] = tuple(int(cells[at]) for at in (2, 5, 8))
    return found


def compare(checkout: Path, row: Row, published: dict[tuple[str, str], tuple[int, ...]]) -> list[Compared]:
    """Build an implementation, run it on the virtual board and put its cycles beside the published ones.

    Raises:
        ToolchainError: it was not built, or its results were wrong.
    """
    with tempfile.TemporaryDirectory() as folder:
        elf = Path(folder) / "program.elf"
        build(checkout, row, elf)
        cycles = _run(elf.read_bytes(), row)
    means = [sum(cycles[at::3]) / row.runs for at in range(3)]
    expected = published[row.scheme, row.implementation]
    is_assembly = any(path.suffix in (".s", ".S") for path in (checkout / row.folder).iterdir())
    operations = OPERATIONS[row.kind]
    return [Compared(row, is_assembly, operations[at], expected[at], means[at]) for at in row.compared]


def build(checkout: Path, row: Row, elf: Path) -> None:
    folder = checkout / row.folder
    sources = sorted(path for path in folder.iterdir() if path.suffix in (".c", ".s", ".S"))
    includes = (folder, HERE, checkout / "common", checkout / "mupq/common")
    run_tool(
        [
            "arm-none-eabi-gcc",
            *FLAGS,
            *_own_flags(folder),
            f"-DRUNS={row.runs}",
            f"-DMUPQ_NAMESPACE={row.namespace}",
            *(f"-I{include}" for include in includes),
            f"-T{HERE / 'program.ld'}",
            HERE / "start.c",
            HERE / f"{row.kind}.c",
            *sources,
            *(checkout / source for source in SYMMETRIC),
            "-lm",
            "-o",
            elf,
        ]
    )


def _own_flags(folder: Path) -> list[str]:
    """Give the definitions that an implementation's config.mk asks for."""
    config = folder / "config.mk"
    return re.findall(r"-D\S+", config.read_text()) if config.exists() else []


def _run(elf: bytes, row: Row) -> Sequence[int]:
    board = load_board_type("nucleo_l4r5zi")
    segments = read_segments(elf)
    machine = Machine(board, "00" * 12, SerialLine(), best_engine(), zero_wait_states=True, preloaded=segments)
    while machine.advance():
        pass
    count, failures, *cycles = struct.unpack("<64I", machine.cpu.read_memory(0x2000_0000, 256) or bytes(256))
    if failures or count != 3 * row.runs:
        raise ToolchainError(f"{count} of {3 * row.runs} operations ended, {failures} failed")
    return cycles[:count]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare the Cortex-M4's timing model with published cycles.")
    parser.add_argument("checkout", type=Path, help="checkout of github.com/mupq/pqm4, submodules included")
    parser.add_argument("--row", action="append", choices=[row.name for row in ROWS], help="only this; repeatable")
    parser.add_argument("--limit", type=float, default=LIMIT_PERCENT, help="percent (default: %(default)s)")
    return parser.parse_args()


def _line(figure: Compared) -> str:
    use = "to fit" if figure.row.fitted else "held out"
    loops = "assembly" if figure.is_assembly else "C"
    cells = (figure.row.name, loops, figure.operation, use, f"{figure.published:,}", f"{figure.ours:,.0f}")
    return f"| {' | '.join(cells)} | {figure.ratio:.3f} |"


def _is_beyond(compared: Sequence[Compared], limit_percent: float) -> bool:
    """Sum up; say whether a held-out figure of an implementation with assembly is beyond the limit."""
    print()
    beyond = False
    for is_assembly, what in ((True, "assembly"), (False, "C")):
        kind = [figure for figure in compared if figure.is_assembly is is_assembly and not figure.row.fitted]
        errors = [100 * abs(figure.ratio - 1) for figure in kind]
        if errors:
            mean = sum(errors) / len(errors)
            print(f"{what}: {len(errors)} held-out figures, worst {max(errors):.1f} %, mean {mean:.1f} %")
            beyond |= is_assembly and max(errors) > limit_percent
    return beyond


if __name__ == "__main__":
    sys.exit(main())
