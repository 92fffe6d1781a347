"""The kinds of Cortex-M that the virtual board executes, and what an instruction costs on each."""

from dataclasses import dataclass

from unicorn import arm_const as reg

from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import InputError
from orchestrator.virtual_board.timing import cortex_m0plus, cortex_m4
from orchestrator.virtual_board.timing.block import Pricing


@dataclass(frozen=True)
class Core:
    """A core as Unicorn and the timing model know it.

    Attributes:
        priority_mask: the bits of an interrupt's priority that exist.
        aligned_only: a word or halfword that lies across its own multiples faults, whatever the instruction.
        branch_cycles: added to every block that a taken branch enters.
    """

    unicorn_model: int
    cpuid: int
    priority_mask: int
    pricing: Pricing
    aligned_only: bool
    branch_cycles: int
    exception_entry_cycles: int
    exception_return_cycles: int


CORES = {
    "cortex-m4": Core(
        unicorn_model=reg.UC_CPU_ARM_CORTEX_M4,
        cpuid=0x410F_C241,
        priority_mask=0xF0,  # as STM32 implements them (PM0214 4.3)
        pricing=cortex_m4.cycles_of,
        aligned_only=False,
        branch_cycles=cortex_m4.BRANCH_CYCLES,
        exception_entry_cycles=cortex_m4.EXCEPTION_ENTRY_CYCLES,
        exception_return_cycles=cortex_m4.EXCEPTION_RETURN_CYCLES,
    ),
    "cortex-m0plus": Core(
        unicorn_model=reg.UC_CPU_ARM_CORTEX_M0,  # executes the same instructions
        cpuid=0x410C_C601,
        priority_mask=0xC0,
        pricing=cortex_m0plus.cycles_of,
        aligned_only=True,
        branch_cycles=cortex_m0plus.BRANCH_CYCLES,
        exception_entry_cycles=cortex_m0plus.EXCEPTION_ENTRY_CYCLES,
        exception_return_cycles=cortex_m0plus.EXCEPTION_RETURN_CYCLES,
    ),
}


def core_of(board: BoardType) -> Core:
    """Give the core of a board type.

    Raises:
        InputError: none is known.
    """
    if board.core not in CORES:
        raise InputError(f"board type {board.name!r}: no virtual board has a {board.core!r}; known: {', '.join(CORES)}")
    return CORES[board.core]
