"""Cycles per instruction of a Cortex-M0+ whose memories have no wait states.

The rule follows ARM DDI 0484 (Cortex-M0+ TRM) table 3-1, with the single-cycle multiplier; `docs/timing_model.md`
states it in full.
"""

from collections.abc import Sequence

from orchestrator.virtual_board.timing.instruction import Instruction
from orchestrator.virtual_board.timing.table import InstructionTable

BRANCH_CYCLES = 1
"""Pipeline refill, added to every block entered by a taken branch."""

EXCEPTION_ENTRY_CYCLES = 15
"""From the interrupt to its handler's first instruction (ARM DDI 0484 3.8)."""

EXCEPTION_RETURN_CYCLES = 13
"""From EXC_RETURN to the next instruction of the interrupted code, unstacking included."""

_MULTIPLE = frozenset(("ldm", "stm", "push", "pop"))
_FIXED = {
    **dict.fromkeys(("ldr", "ldrb", "ldrh", "ldrsb", "ldrsh", "str", "strb", "strh"), 2),
    **dict.fromkeys(("bl", "wfi", "wfe"), 2),
    **dict.fromkeys(("mrs", "msr", "dmb", "dsb", "isb"), 3),
}


def cycles_of(instructions: Sequence[Instruction]) -> tuple[int, ...]:
    """Give the cycles of each instruction of a block, in order."""
    return tuple(map(_cycles, instructions))


def _cycles(instruction: Instruction) -> int:
    if instruction.name in _MULTIPLE:
        registers = instruction.listed_registers
        loads_pc = instruction.name == "pop" and "pc" in registers
        return 1 + len(registers) + loads_pc
    return _FIXED.get(instruction.name, 1)


def entering(block: Sequence[Instruction]) -> int:
    """Give what a taken branch to a block adds."""
    return BRANCH_CYCLES


TABLE = InstructionTable(cycles_of, entering=entering)
