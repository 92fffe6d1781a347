"""What a flash read costs behind the ART accelerator of an STM32L4 (RM0351 3.3.4)."""

from dataclasses import dataclass

from orchestrator.virtual_board.peripherals.flash_interface import AccessControl

LINE_BYTES = 32
"""Instruction cache line: four double words."""

DOUBLE_WORD_BYTES = 8
"""What one access to the flash array delivers."""

INSTRUCTION_LINES = 32
DATA_DOUBLE_WORDS = 32
"""The data cache's 8 lines of 4 double words, taken as 32 single double words."""

CYCLES_PER_DOUBLE_WORD = 4
"""Time in which straight-line code uses up one double word: four 16-bit instructions."""


@dataclass(frozen=True)
class FlashTiming:
    """Stall cycles of one miss; all 0 when the flash has no wait states.

    Attributes:
        instruction_miss_cycles: fetching one line of code that is not in the instruction cache.
        data_miss_cycles: reading one double word of data that is not in the data cache.
    """

    instruction_miss_cycles: int = 0
    data_miss_cycles: int = 0
    instruction_cache: bool = True
    data_cache: bool = True

    @classmethod
    def of(cls, access: AccessControl) -> "FlashTiming":
        """Derive the stalls from FLASH_ACR: with prefetch, only the first double word of a line waits in full."""
        wait_states = access.wait_states
        behind_prefetch = max(0, wait_states + 1 - CYCLES_PER_DOUBLE_WORD) if access.prefetch else wait_states
        following = LINE_BYTES // DOUBLE_WORD_BYTES - 1
        return cls(
            instruction_miss_cycles=wait_states + following * behind_prefetch,
            data_miss_cycles=wait_states,
            instruction_cache=access.instruction_cache,
            data_cache=access.data_cache,
        )
