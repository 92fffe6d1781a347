"""Cycles per instruction of a Cortex-M4 whose memories have no wait states.

The rules follow ARM 100166 (Cortex-M4 TRM) table 3-1, its notes on pipelined loads and stores, and the FPU's table;
what it leaves open was measured by others. `docs/timing_model.md` states all of it, with sources.
"""

import re
from collections.abc import Sequence

from orchestrator.virtual_board.timing.dataflow import FPU_ACCUMULATES, base_of, flow_of
from orchestrator.virtual_board.timing.instruction import Instruction
from orchestrator.virtual_board.timing.table import InstructionTable

BRANCH_CYCLES = 2
"""Pipeline refill, added to every block entered by a taken branch; 1 to 3 in the TRM. Chosen, see the documentation."""

EXCEPTION_ENTRY_CYCLES = 12
"""From the interrupt to its handler's first instruction (ARM 100166 3.9.1)."""

EXCEPTION_RETURN_CYCLES = 10
"""From EXC_RETURN to the next instruction of the interrupted code, unstacking included."""

UNALIGNED_RUN = 3
"""The instruction of 32 bits across words, of several in a row, at which fetching falls one cycle behind."""

_WIDTHS = ("", "b", "h", "t", "bt", "ht", "ex", "exb", "exh")
_LOADS = frozenset(("ldrsb", "ldrsh", "ldrsbt", "ldrsht", *(f"ldr{width}" for width in _WIDTHS)))
_STORES = frozenset(f"str{width}" for width in _WIDTHS)
_MULTIPLE = frozenset(
    f"{kind}{direction}" for kind in ("ldm", "stm", "vldm", "vstm") for direction in ("", "ia", "db")
) | {"push", "pop", "vpush", "vpop"}
_FIXED = {
    "ldrd": 3, "strd": 3, "sdiv": 7, "udiv": 7, "vdiv": 14, "vsqrt": 14, "tbb": 2, "tbh": 2,
    **dict.fromkeys(FPU_ACCUMULATES, 3),
}  # fmt: skip
_FPU_ARITHMETIC = FPU_ACCUMULATES | {"vadd", "vsub", "vmul", "vnmul", "vdiv", "vsqrt"}
_REGISTER_OFFSET = re.compile(r"\[\w+, \w")


def cycles_of(instructions: Sequence[Instruction]) -> tuple[int, ...]:
    """Give the cycles of each instruction of a block, in order."""
    cycles = []
    previous: Instruction | None = None
    unaligned = 0
    for instruction in instructions:
        unaligned = unaligned + 1 if _lies_across_words(instruction) else 0
        cycles.append(_cycles(instruction, previous) + (unaligned == UNALIGNED_RUN))
        previous = instruction
    return tuple(cycles)


def _cycles(instruction: Instruction, previous: Instruction | None) -> int:
    name = instruction.name
    if name in _LOADS:
        return 1 if _is_pipelined(instruction, previous) else 2
    if name in _STORES:
        computes_address = _REGISTER_OFFSET.search(instruction.operands) is not None
        return 2 if computes_address and not _follows(previous, _LOADS) else 1
    if name in _MULTIPLE:
        return 1 + instruction.listed_words
    if name in ("vldr", "vstr"):
        return 3 if instruction.operands.startswith("d") else 2
    if name == "vmov":
        return 2 if instruction.operands.count(",") > 1 else 1 + _waits_for_fpu(instruction, previous)
    if name == "it" and previous is not None and previous.size_bytes == 2:
        return 0
    return _FIXED.get(name, 1) + _waits_for_fpu(instruction, previous)


def _follows(previous: Instruction | None, names: frozenset[str]) -> bool:
    return previous is not None and previous.name in names


def _is_pipelined(load: Instruction, previous: Instruction | None) -> bool:
    """Say whether a load overlaps with another one directly before it."""
    if previous is None or previous.name not in _LOADS:
        return False
    needs_result = bool(set(flow_of(load).addresses) & set(flow_of(previous).written))
    needs_base = _updates_base(load) and _updates_base(previous) and base_of(load) == base_of(previous)
    return not needs_result and not needs_base and not _lies_across_words(load)


def _updates_base(access: Instruction) -> bool:
    return "!" in access.operands or "]," in access.operands


def _lies_across_words(instruction: Instruction) -> bool:
    return instruction.size_bytes == 4 and instruction.address % 4 != 0


def _waits_for_fpu(instruction: Instruction, previous: Instruction | None) -> bool:
    """Say whether an instruction takes the result of the floating-point arithmetic directly before it."""
    if previous is None or previous.name not in _FPU_ARITHMETIC:
        return False
    flow = flow_of(instruction)
    return bool({*flow.read, *flow.accumulated, *flow.stored} & set(flow_of(previous).written))


def entering(block: Sequence[Instruction]) -> int:
    """Give what a taken branch to a block adds: one more where its first instruction lies across two words."""
    return BRANCH_CYCLES + _lies_across_words(block[0])


TABLE = InstructionTable(cycles_of, entering=entering)
