"""The kinds of Cortex-M that the virtual board executes, and what an instruction costs on each."""

from dataclasses import dataclass, replace

from unicorn import arm_const as reg

from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import InputError
from orchestrator.virtual_board.timing import cortex_m0plus, cortex_m4, cortex_m7, cortex_m33
from orchestrator.virtual_board.timing.table import COUNTING, InstructionTable


@dataclass(frozen=True)
class Core:
    """A core as Unicorn and the timing model know it.

    Attributes:
        priority_mask: the bits of an interrupt's priority that exist on the chips that are known with this core.
        exc_return: the value that leads back to a handler with an FPU frame; EXC_RETURN's other bits are added to it.
        mispredict_cycles: what a branch costs that went elsewhere than predicted; 0 for a core that predicts none.
        has_caches: the core has caches of its own, which SCB_CCR switches; all others are the chip's.
    """

    unicorn_model: int
    cpuid: int
    priority_mask: int
    table: InstructionTable
    exception_entry_cycles: int
    exception_return_cycles: int
    exc_return: int = 0xFFFF_FFE1  # ARMv7-M ARM B1.5.8
    mispredict_cycles: int = 0
    has_caches: bool = False

    def counting(self) -> "Core":
        """Give the same core with instructions counted in place of cycles."""
        return replace(self, table=COUNTING, exception_entry_cycles=0, exception_return_cycles=0, mispredict_cycles=0)


CORES = {
    "cortex-m0plus": Core(
        unicorn_model=reg.UC_CPU_ARM_CORTEX_M0,  # the same instructions, and no unaligned accesses
        cpuid=0x410C_C601,
        priority_mask=0xC0,
        table=cortex_m0plus.TABLE,
        exception_entry_cycles=cortex_m0plus.EXCEPTION_ENTRY_CYCLES,
        exception_return_cycles=cortex_m0plus.EXCEPTION_RETURN_CYCLES,
    ),
    "cortex-m4": Core(
        unicorn_model=reg.UC_CPU_ARM_CORTEX_M4,
        cpuid=0x410F_C241,
        priority_mask=0xF0,  # as STM32 implements them (PM0214 4.3)
        table=cortex_m4.TABLE,
        exception_entry_cycles=cortex_m4.EXCEPTION_ENTRY_CYCLES,
        exception_return_cycles=cortex_m4.EXCEPTION_RETURN_CYCLES,
    ),
    "cortex-m7": Core(
        unicorn_model=reg.UC_CPU_ARM_CORTEX_M7,
        cpuid=0x411F_C271,  # r1p1, as in the STM32F7 and H7 (PM0253 4.3)
        priority_mask=0xF0,
        table=cortex_m7.TABLE,
        exception_entry_cycles=cortex_m7.EXCEPTION_ENTRY_CYCLES,
        exception_return_cycles=cortex_m7.EXCEPTION_RETURN_CYCLES,
        mispredict_cycles=cortex_m7.MISPREDICT_CYCLES,
        has_caches=True,
    ),
    "cortex-m33": Core(
        unicorn_model=reg.UC_CPU_ARM_CORTEX_M33,
        cpuid=0x410F_D214,  # r0p4, as in the STM32U5 (PM0264 4.3)
        priority_mask=0xF0,
        table=cortex_m33.TABLE,
        exception_entry_cycles=cortex_m33.EXCEPTION_ENTRY_CYCLES,
        exception_return_cycles=cortex_m33.EXCEPTION_RETURN_CYCLES,
        exc_return=0xFFFF_FFA0,  # of a core without TrustZone (ARMv8-M ARM, EXC_RETURN)
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
