"""Cycles per instruction of a Cortex-M7 whose memories have no wait states: two instructions a cycle, in order.

ARM publishes no table for this core. Latencies and pairing rules follow ARM's own scheduling model in LLVM
(`ARMScheduleM7.td`) and what others measured on an STM32H743, as published in `cortex_m7.md` of
github.com/jnk0le/random; `docs/timing_model.md` lists the rules and what is assumed.
"""

from collections.abc import Sequence
from itertools import pairwise

from orchestrator.virtual_board.timing.dataflow import (
    ACCUMULATES,
    FPU_ACCUMULATES,
    LONG_MULTIPLIES,
    MULTIPLIES,
    Flow,
    base_of,
    flow_of,
)
from orchestrator.virtual_board.timing.instruction import Instruction
from orchestrator.virtual_board.timing.operand2 import is_shifted_constant, is_shifted_register
from orchestrator.virtual_board.timing.table import InstructionTable

EXCEPTION_ENTRY_CYCLES = 12
EXCEPTION_RETURN_CYCLES = 10
"""12 cycles of latency are stated; the return is taken from the Cortex-M4."""

MISPREDICT_CYCLES = 8
"""A branch that went elsewhere than predicted; 6 where its flags were set three cycles before."""

_MACS = MULTIPLIES | ACCUMULATES | LONG_MULTIPLIES
_DSP = (
    "sadd",
    "ssub",
    "uadd",
    "usub",
    "qadd",
    "qsub",
    "uqadd",
    "uqsub",
    "shadd",
    "shsub",
    "uhadd",
    "uhsub",
    "sxt",
    "uxt",
)
_BIT_FIELDS = frozenset(("bfi", "bfc", "ubfx", "sbfx", "clz", "rbit", "rev", "rev16", "revsh", "pkhbt", "pkhtb", "sel"))
_SATURATIONS = frozenset(("ssat", "usat", "ssat16", "usat16", "qdadd", "qdsub"))
_EARLY = frozenset(
    ("add", "addw", "sub", "subw", "mov", "movw", "movt", "rev", "rev16", "revsh", "rbit", "ubfx", "sbfx")
)
"""Can be computed in the first of the two stages, so that the second may use the result in the same cycle."""

_READS_EARLY = frozenset(("sbfx", "ubfx", "rbit", "rev", "rev16", "revsh", "bfi", "pkhbt", "pkhtb"))
_FPU_SLOW = {"vdiv": 16, "vsqrt": 14}
_ALONE = {
    "sdiv": 7, "udiv": 7, "tbb": 2, "tbh": 2, "ldrd": 1, "strd": 1,
    **dict.fromkeys(("mrs", "msr", "dmb", "dsb", "isb", "svc", "bkpt", "wfi", "wfe", "cpsie", "cps", "vmsr"), 3),
}  # fmt: skip
_BRANCHES = frozenset(("b", "bl", "bx", "blx", "cbz", "cbnz"))
_NARROW_LOADS = ("ldrb", "ldrh", "ldrsb", "ldrsh")


def _is_listing(instruction: Instruction) -> bool:
    return instruction.name.startswith(("ldm", "stm", "vldm", "vstm", "push", "pop", "vpush", "vpop"))


def _alone_cycles(instruction: Instruction) -> int:
    """Give the cycles of an instruction that nothing is issued beside, or 0."""
    if _is_listing(instruction):
        return (instruction.listed_words + 1) // 2
    if instruction.name in ("vldr", "vstr"):
        return int(instruction.operands.startswith("d"))
    if instruction.name == "vmov" and instruction.operands.count(",") > 1:
        return 1
    return _ALONE.get(instruction.name, 0)


def _is_dsp(instruction: Instruction) -> bool:
    name = instruction.name
    return name in _BIT_FIELDS or name in _SATURATIONS or name.startswith(_DSP)


def _uses_shifter(instruction: Instruction) -> bool:
    is_extension = instruction.name.startswith(("sxta", "uxta"))
    is_field = instruction.name in _BIT_FIELDS and instruction.name not in ("clz", "sel")
    return is_extension or is_field or is_shifted_register(instruction) or is_shifted_constant(instruction)


def _units(instruction: Instruction) -> frozenset[str]:
    """Name the units of which there is one; two instructions that need the same one are not issued together."""
    name = instruction.name
    units = {
        "branch": name in _BRANCHES,
        "store": name.startswith(("str", "vstr")),
        "multiplier": name in _MACS or name.startswith(("str", "vstr")),
        "dsp": _is_dsp(instruction),
        "shifter": name not in _MACS and _uses_shifter(instruction),
        "fpu": instruction.uses_fpu and name not in ("vldr", "vstr", "vmov"),
    }
    return frozenset(unit for unit, used in units.items() if used)


class _Group:
    """What is issued in one cycle."""

    def __init__(self, instruction: Instruction, flow: Flow) -> None:
        self._older = instruction
        self._flow = flow
        self._units = _units(instruction)
        self._open = not _alone_cycles(instruction)

    def admits(self, instruction: Instruction, flow: Flow) -> bool:
        """Say whether an instruction may join; if so, nothing else may."""
        joins = (
            self._open
            and not _alone_cycles(instruction)
            and not _is_dsp(instruction)  # in the older place only
            and (self._older.name == "movw" or not set(flow.written) & set(self._flow.written))
            and not self._units & _units(instruction)
            and not _same_bank(self._older, instruction)
        )
        self._open = self._open and not joins
        return joins


def _same_bank(first: Instruction, second: Instruction) -> bool:
    """Say whether two loads want the same of the two banks: word addresses of the same parity, where that is known."""
    if not (first.name.startswith(("ldr", "vldr")) and second.name.startswith(("ldr", "vldr"))):
        return False
    if base_of(first) != base_of(second):
        return False
    return (_offset(first) >> 2 & 1) == (_offset(second) >> 2 & 1)


def _offset(access: Instruction) -> int:
    _, _, constant = access.operands.partition("#")
    digits = constant.partition("]")[0].strip()
    return int(digits, 0) if digits else 0


class _Pipeline:
    """Remembers when the second and the first stage can use each register, and a multiplier a loaded one."""

    def __init__(self) -> None:
        self.now = 0
        self._group: _Group | None = None
        self._group_start = 0
        self._late: dict[str, int] = {}
        self._early: dict[str, int] = {}
        self._loaded: dict[str, int] = {}

    def issue(self, instruction: Instruction) -> None:
        """Let time pass to the end of an instruction's cycle, of which it may share one with its elder."""
        flow = flow_of(instruction)
        ready = self._operands_ready(instruction, flow)
        if self._group is not None and ready <= self._group_start and self._group.admits(instruction, flow):
            start = self._group_start
        else:
            start = max(self.now, ready)
            self._group, self._group_start = _Group(instruction, flow), start
            self.now = start + max(1, _alone_cycles(instruction), _FPU_SLOW.get(instruction.name, 0))
        self._note_results(instruction, flow, start)

    def _operands_ready(self, instruction: Instruction, flow: Flow) -> int:
        reads_early = instruction.name in _READS_EARLY or is_shifted_register(instruction)
        sources = self._early if reads_early else self._late
        times = [sources.get(register, 0) for register in flow.read]
        if instruction.name in _MACS:
            times += [self._loaded.get(register, 0) for register in flow.read]
        times += [self._early.get(register, 0) for register in flow.addresses]
        times += [self._late.get(register, 0) - 1 for register in (*flow.accumulated, *flow.stored)]
        return max(times, default=0)

    def _note_results(self, instruction: Instruction, flow: Flow, start: int) -> None:
        late, early = _latencies(instruction)
        end = max(start, self.now - 1) if _alone_cycles(instruction) else start
        loaded = end + 2 if instruction.name.startswith("ldr") else 0
        for register in flow.written:
            self._late[register], self._early[register], self._loaded[register] = end + late, end + early, loaded
        for register in flow.updated:
            self._late[register] = self._early[register] = start + 1


def _latencies(instruction: Instruction) -> tuple[int, int]:
    """Give the cycles until the second stage, and until the first one or an address, can use a result."""
    name = instruction.name
    if name.startswith(_NARROW_LOADS):
        return 2, 3
    if name.startswith("ldr") or _is_listing(instruction) or name == "vldr":
        return 1, 2
    if name in _MACS or name in _SATURATIONS:
        return 2, 3
    if name in FPU_ACCUMULATES:
        return 5, 5
    if instruction.uses_fpu:
        return (1, 1) if name == "vmov" and instruction.operands.startswith("r") else (3, 3)
    if name in _EARLY and not _needs_second_stage(instruction):
        return 0, 1
    return 1, 2


def _needs_second_stage(instruction: Instruction) -> bool:
    return is_shifted_register(instruction) or is_shifted_constant(instruction)


def cycles_of(instructions: Sequence[Instruction]) -> tuple[int, ...]:
    """Give the cycles of each instruction of a block, in order: 0 for one that is issued beside its elder."""
    pipeline = _Pipeline()
    ends = [0]
    for instruction in instructions:
        pipeline.issue(instruction)
        ends.append(pipeline.now)
    return tuple(end - start for start, end in pairwise(ends))


TABLE = InstructionTable(cycles_of)
"""A branch that was predicted costs nothing beside its own place; the engines count those that were not."""
