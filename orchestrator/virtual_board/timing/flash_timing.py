"""What reading a memory costs behind its caches: the flash of each family, and RAM that a core caches."""

from dataclasses import dataclass

from orchestrator.virtual_board.peripherals.flash_interface import AccessControl

CYCLES_PER_BYTE = 0.5
"""Time in which straight-line code uses up what was read: a 16-bit instruction a cycle."""


@dataclass(frozen=True)
class Cache:
    """A cache; all three numbers are powers of two.

    Attributes:
        ways: lines that one address can be in; 0 for all of them.
        keeps_used: of a set the line goes whose last use is longest ago, not the one that was loaded first.
    """

    line_bytes: int
    lines: int
    ways: int = 0
    keeps_used: bool = True

    @property
    def sets(self) -> int:
        """How many groups of ways there are."""
        return self.lines // self.ways if self.ways else 1


@dataclass(frozen=True)
class Accelerator:
    """How a chip reads its flash; sizes are powers of two.

    Attributes:
        read_bytes: what one access to the flash array delivers.
        instructions: cache of code, its lines one read or several.
        data: cache of constants read from flash; None where they share the cache of instructions.
        wait_state_cycles: core cycles of one wait state; more than 1 where the bus has a slower clock.
        fill_cycles: core cycles that a line takes besides the wait states, on its way over the bus.
        cached_ram: first address and bytes of each RAM that `data` caches too.
        ram_fill_cycles: core cycles that a read of such RAM takes when it is not cached; a write costs none.
    """

    read_bytes: int
    instructions: Cache
    data: Cache | None
    wait_state_cycles: int = 1
    fill_cycles: int = 0
    cached_ram: tuple[tuple[int, int], ...] = ()
    ram_fill_cycles: int = 0


ART_64_BITS = Accelerator(read_bytes=8, instructions=Cache(32, lines=32), data=Cache(8, lines=32))
"""STM32L4 and L4+ (RM0351 3.3.4): the data cache's 8 lines of 4 double words are taken as 32 single double words."""

ART_128_BITS = Accelerator(read_bytes=16, instructions=Cache(16, lines=64), data=Cache(16, lines=8))
"""STM32F4 (RM0390 3.4.2): 64 lines of 128 bits for instructions, 8 for data, and reads of 128 bits."""

ART_OF_G0 = Accelerator(read_bytes=8, instructions=Cache(8, lines=2), data=Cache(8, lines=1))
"""STM32G0 (RM0444 3.3.4): two lines of 64 bits for instructions; data are not cached."""

ICACHE_OF_U5 = Accelerator(read_bytes=16, instructions=Cache(16, lines=512, ways=2), data=None)
"""STM32U575 (RM0456, chapter "Instruction cache"): 8 KiB, 2 ways, lines of 128 bits, which are one read, for all that
comes over the core's code bus, constants included."""

CACHE_OF_NRF52 = Accelerator(read_bytes=16, instructions=Cache(16, lines=128, ways=2), data=Cache(16, lines=1))
"""nRF52840: a cache on the bus of instructions only, off after reset; size and lines are assumed (2 KiB, 128 bits)."""

CORTEX_M7_4_KIB = Accelerator(
    read_bytes=32, instructions=Cache(32, lines=128, ways=2), data=Cache(32, lines=128, ways=4), fill_cycles=6,
    ram_fill_cycles=6,
)  # fmt: skip
"""A Cortex-M7 with caches of 4 KiB, 2 and 4 ways, lines of 32 bytes, which are one read of an STM32F746's flash."""

CORTEX_M7_16_KIB = Accelerator(
    read_bytes=32, instructions=Cache(32, lines=512, ways=2), data=Cache(32, lines=512, ways=4), wait_state_cycles=2,
    fill_cycles=12, ram_fill_cycles=12,
)  # fmt: skip
"""The same with caches of 16 KiB, and a bus at half the core's clock, as in an STM32H743."""


@dataclass(frozen=True)
class FlashTiming:
    """Stall cycles of one miss; all 0 when the flash has no wait states.

    Attributes:
        instruction_miss_cycles: fetching one line of code that is not in the instruction cache.
        following_miss_cycles: the same for the line behind the one that was used last.
        data_miss_cycles: one read of data that is not in the data cache.
        ram_miss_cycles: the same of data in RAM.
    """

    instruction_miss_cycles: int = 0
    following_miss_cycles: int = 0
    data_miss_cycles: int = 0
    ram_miss_cycles: int = 0
    instruction_cache: bool = True
    data_cache: bool = True

    @classmethod
    def of(cls, access: AccessControl, accelerator: Accelerator = ART_64_BITS) -> "FlashTiming":
        """Derive the stalls from FLASH_ACR.

        With prefetch, only the first read of a line waits in full; where a line is one read, prefetch brings the next
        line.
        """
        waiting = access.wait_states * accelerator.wait_state_cycles
        hidden = round(accelerator.read_bytes * CYCLES_PER_BYTE) - 1
        behind_prefetch = max(0, waiting - hidden) if access.prefetch else waiting
        further_reads = accelerator.instructions.line_bytes // accelerator.read_bytes - 1
        line_cycles = waiting + accelerator.fill_cycles + further_reads * behind_prefetch
        one_read_cycles = behind_prefetch if access.prefetch else waiting + accelerator.fill_cycles
        return cls(
            instruction_miss_cycles=line_cycles,
            following_miss_cycles=line_cycles if further_reads else one_read_cycles,
            data_miss_cycles=waiting + accelerator.fill_cycles,
            ram_miss_cycles=accelerator.ram_fill_cycles,
            instruction_cache=access.instruction_cache,
            data_cache=access.data_cache,
        )
