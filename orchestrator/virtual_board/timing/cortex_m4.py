"""Cycles per instruction of a Cortex-M4 whose memories have no wait states.

The rule is a simplification of ARM 100166 (Cortex-M4 TRM) table 3-1; `docs/timing_model.md` states it in full.
"""

import re
from collections.abc import Sequence

from orchestrator.virtual_board.timing.instruction import Instruction
from orchestrator.virtual_board.timing.table import InstructionTable

BRANCH_CYCLES = 2
"""Pipeline refill, added to every block entered by a taken branch."""

EXCEPTION_ENTRY_CYCLES = 12
"""From the interrupt to its handler's first instruction (ARM 100166 3.9.1)."""

EXCEPTION_RETURN_CYCLES = 10
"""From EXC_RETURN to the next instruction of the interrupted code, unstacking included."""

_WIDTHS = ("", "b", "h", "t", "bt", "ht", "ex", "exb", "exh")
_LOADS = frozenset(("ldrsb", "ldrsh", "ldrsbt", "ldrsht", *(f"ldr{width}" for width in _WIDTHS)))
_STORES = frozenset(f"str{width}" for width in _WIDTHS)
_MULTIPLE = frozenset(
    f"{kind}{direction}" for kind in ("ldm", "stm", "vldm", "vstm") for direction in ("", "ia", "db")
) | {"push", "pop", "vpush", "vpop"}
_FIXED = {
    "ldrd": 3, "strd": 3, "sdiv": 7, "udiv": 7, "vdiv": 14, "vsqrt": 14, "tbb": 2, "tbh": 2,
    **dict.fromkeys(("vmla", "vmls", "vnmla", "vnmls", "vfma", "vfms", "vfnma", "vfnms"), 3),
}  # fmt: skip
_BASE = re.compile(r"\[(\w+)")


def cycles_of(instructions: Sequence[Instruction]) -> tuple[int, ...]:
    """Give the cycles of each instruction of a block, in order."""
    cycles = []
    previous: Instruction | None = None
    for instruction in instructions:
        cycles.append(_load_cycles(instruction, previous) if instruction.name in _LOADS else _cycles(instruction))
        previous = instruction
    return tuple(cycles)


def _load_cycles(load: Instruction, previous: Instruction | None) -> int:
    if previous is None or previous.name not in _LOADS | _STORES:
        return 2
    waits_for_base = previous.name in _LOADS and _base(load) == _destination(previous)
    return 2 if waits_for_base else 1


def _cycles(instruction: Instruction) -> int:
    if instruction.name in _MULTIPLE:
        return 1 + instruction.listed_words
    if instruction.name in ("vldr", "vstr"):
        return 3 if instruction.operands.startswith("d") else 2
    return _FIXED.get(instruction.name, 1)


def _destination(load: Instruction) -> str:
    return load.operands.split(",", 1)[0]


def _base(load: Instruction) -> str | None:
    base = _BASE.search(load.operands)
    return base.group(1) if base else None


def entering(block: Sequence[Instruction]) -> int:
    """Give what a taken branch to a block adds."""
    return BRANCH_CYCLES


TABLE = InstructionTable(cycles_of, entering=entering)
