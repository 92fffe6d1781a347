"""What a flash read costs behind the ART accelerator of an STM32 (RM0351 3.3.4, RM0390 3.4.2)."""

from dataclasses import dataclass

from orchestrator.virtual_board.peripherals.flash_interface import AccessControl

CYCLES_PER_BYTE = 0.5
"""Time in which straight-line code uses up what was read: a 16-bit instruction a cycle."""


@dataclass(frozen=True)
class Accelerator:
    """How a chip reads its flash; all sizes are powers of two.

    Attributes:
        read_bytes: what one access to the flash array delivers; the data cache is counted in these.
        line_bytes: line of the instruction cache, one read or several.
        instruction_lines: lines of the instruction cache.
        data_reads: how many single reads the data cache holds.
    """

    read_bytes: int
    line_bytes: int
    instruction_lines: int
    data_reads: int


ART_64_BITS = Accelerator(read_bytes=8, line_bytes=32, instruction_lines=32, data_reads=32)
"""STM32L4 and L4+: the data cache's 8 lines of 4 double words are taken as 32 single double words."""

ART_128_BITS = Accelerator(read_bytes=16, line_bytes=16, instruction_lines=64, data_reads=8)
"""STM32F4: 64 lines of 128 bits for instructions, 8 for data, and reads of 128 bits."""

ART_OF_G0 = Accelerator(read_bytes=8, line_bytes=8, instruction_lines=2, data_reads=1)
"""STM32G0 (RM0444 3.3.4): two lines of 64 bits for instructions; data are not cached."""


@dataclass(frozen=True)
class FlashTiming:
    """Stall cycles of one miss; all 0 when the flash has no wait states.

    Attributes:
        instruction_miss_cycles: fetching one line of code that is not in the instruction cache.
        following_miss_cycles: the same for the line behind the one that was used last.
        data_miss_cycles: one read of data that is not in the data cache.
    """

    instruction_miss_cycles: int = 0
    following_miss_cycles: int = 0
    data_miss_cycles: int = 0
    instruction_cache: bool = True
    data_cache: bool = True

    @classmethod
    def of(cls, access: AccessControl, accelerator: Accelerator = ART_64_BITS) -> "FlashTiming":
        """Derive the stalls from FLASH_ACR.

        With prefetch, only the first read of a line waits in full; where a line is one read, prefetch brings the next
        line.
        """
        wait_states = access.wait_states
        hidden = round(accelerator.read_bytes * CYCLES_PER_BYTE) - 1
        behind_prefetch = max(0, wait_states - hidden) if access.prefetch else wait_states
        further_reads = accelerator.line_bytes // accelerator.read_bytes - 1
        line_cycles = wait_states + further_reads * behind_prefetch
        return cls(
            instruction_miss_cycles=line_cycles,
            following_miss_cycles=line_cycles if further_reads else behind_prefetch,
            data_miss_cycles=wait_states,
            instruction_cache=access.instruction_cache,
            data_cache=access.data_cache,
        )
