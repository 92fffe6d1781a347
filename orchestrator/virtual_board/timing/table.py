"""What an instruction table of a core is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestrator.virtual_board.timing.instruction import Instruction

Pricing = Callable[[Sequence[Instruction]], tuple[int, ...]]
"""What each instruction of a block costs, its memories answering at once."""


def nothing(block: Sequence[Instruction]) -> int:
    """Give no cycles at all."""
    return 0


@dataclass(frozen=True)
class InstructionTable:
    """Cycles of a block, without wait states.

    Attributes:
        cycles_of: per instruction, in order; what a branch costs that is not taken is in it.
        leaving: what a taken branch at the end of the block adds.
        entering: what a taken branch to the start of the block adds.
    """

    cycles_of: Pricing
    leaving: Callable[[Sequence[Instruction]], int] = nothing
    entering: Callable[[Sequence[Instruction]], int] = nothing


def one_each(instructions: Sequence[Instruction]) -> tuple[int, ...]:
    """Count instructions instead of cycles."""
    return (1,) * len(instructions)


COUNTING = InstructionTable(one_each)
"""Every instruction takes one cycle, and nothing else takes any."""
