"""Cycles per instruction of a Cortex-M33 whose memories have no wait states.

ARM publishes no table for this core. The rules are what others measured with the cycle counter of an RP2350 (r1p0), as
published in `cortex_m33.md` of github.com/jnk0le/random; `docs/timing_model.md` lists them and what is assumed.
"""

from collections.abc import Sequence
from itertools import pairwise

from orchestrator.virtual_board.timing.dataflow import (
    ACCUMULATES,
    FPU_ACCUMULATES,
    LONG_MULTIPLIES,
    MULTIPLIES,
    Flow,
    flow_of,
)
from orchestrator.virtual_board.timing.instruction import Instruction
from orchestrator.virtual_board.timing.operand2 import is_shifted_constant, is_shifted_register
from orchestrator.virtual_board.timing.table import InstructionTable

EXCEPTION_ENTRY_CYCLES = 12
EXCEPTION_RETURN_CYCLES = 10
"""As on the Cortex-M4 (12 cycles of latency are stated for both)."""

TAKEN_CYCLES = 1
TAKEN_AFTER_FLAGS_CYCLES = 2
LOADED_PC_CYCLES = 3
FPU_ACCUMULATE_CYCLES = 3
"""No other floating-point instruction starts in that time."""

_BRANCHES = frozenset(("b", "bl", "bx", "blx", "cbz", "cbnz"))
_FREE_BESIDE_ANOTHER = _BRANCHES | {"it", "nop"}
_TWO_STAGES = (
    MULTIPLIES
    | ACCUMULATES
    | LONG_MULTIPLIES
    | {"uxtab", "uxtah", "sxtab", "sxtah", "uxtab16", "sxtab16", "pkhbt", "pkhtb", "ssat", "usat", "ssat16", "usat16"}
    | {"qadd", "qsub", "qdadd", "qdsub", "sel"}
)
_LANES = ("sadd", "ssub", "uadd", "usub", "qadd", "qsub", "uqadd", "uqsub", "shadd", "shsub", "uhadd", "uhsub")
_FIXED = {"sdiv": 7, "udiv": 7, "vdiv": 14, "vsqrt": 14, "tbb": 2, "tbh": 2, "ldrd": 2, "strd": 2, "isb": 3}
"""Divisions as on the Cortex-M4: not measured for this core."""


def _listing(instruction: Instruction) -> bool:
    return instruction.name.startswith(("ldm", "stm", "vldm", "vstm", "push", "pop", "vpush", "vpop"))


def _issue_cycles(instruction: Instruction) -> int:
    if _listing(instruction):
        return instruction.listed_words
    if instruction.name in ("vldr", "vstr"):
        return 2 if instruction.operands.startswith("d") else 1
    if instruction.name == "vmov" and instruction.operands.startswith("r") and instruction.operands.count(",") > 1:
        return 2
    sets_flags_late = instruction.sets_flags and (instruction.name == "mul" or is_shifted_constant(instruction))
    return 2 if sets_flags_late else _FIXED.get(instruction.name, 1)


def _latency(instruction: Instruction) -> int:
    """Give the cycles from the last cycle of an instruction to the first one that can use its result."""
    name = instruction.name
    if name.startswith("ldr") or name in ("vadd", "vsub", "vmul", "vnmul"):
        return 2
    if name in FPU_ACCUMULATES:
        return FPU_ACCUMULATE_CYCLES + 1
    if name in _TWO_STAGES or name.startswith(_LANES) or is_shifted_register(instruction):
        return 2
    return 2 if is_shifted_constant(instruction) else 1


class _Pipeline:
    """Issues in order, one instruction a cycle or two short ones; remembers when each register can be read."""

    def __init__(self) -> None:
        self.now = 0
        self._ready: dict[str, int] = {}
        self._fpu_free = 0
        self._before: Instruction | None = None

    def issue(self, instruction: Instruction) -> None:
        """Let time pass to the end of an instruction."""
        if _pairs(self._before, instruction):
            self._before = None
            return
        flow = flow_of(instruction)
        start = max(self.now, self._operands_ready(flow))
        if instruction.uses_fpu:
            start = max(start, self._fpu_free)
        self.now = start + _issue_cycles(instruction)
        if instruction.name in FPU_ACCUMULATES:
            self._fpu_free = start + FPU_ACCUMULATE_CYCLES
        for register in flow.written:
            self._ready[register] = self.now - 1 + _latency(instruction)
        for register in flow.updated:
            self._ready[register] = self.now
        self._before = instruction

    def _operands_ready(self, flow: Flow) -> int:
        early = (self._ready.get(register, 0) for register in (*flow.read, *flow.addresses))
        late = (self._ready.get(register, 0) - 1 for register in (*flow.accumulated, *flow.stored))
        return max((*early, *late), default=0)


def _pairs(first: Instruction | None, second: Instruction) -> bool:
    """Say whether the second of two instructions costs nothing: both short, and a branch, IT or NOP."""
    if first is None or first.size_bytes != 2 or second.size_bytes != 2:
        return False
    return second.name in _FREE_BESIDE_ANOTHER and first.name not in _FREE_BESIDE_ANOTHER


def cycles_of(instructions: Sequence[Instruction]) -> tuple[int, ...]:
    """Give the cycles of each instruction of a block, in order, stalls with the one that waits."""
    pipeline = _Pipeline()
    ends = [0]
    for instruction in instructions:
        pipeline.issue(instruction)
        ends.append(pipeline.now)
    return tuple(end - start for start, end in pairwise(ends))


def leaving(block: Sequence[Instruction]) -> int:
    """Give what the taken branch at the end of a block adds."""
    last = block[-1]
    if last.name in ("ldr", "pop", "ldm"):
        return LOADED_PC_CYCLES
    waits_for_flags = len(block) > 1 and last.is_conditional_branch and block[-2].sets_flags
    if waits_for_flags and _pairs(block[-2], last):
        return TAKEN_AFTER_FLAGS_CYCLES
    return TAKEN_CYCLES


TABLE = InstructionTable(cycles_of, leaving)
