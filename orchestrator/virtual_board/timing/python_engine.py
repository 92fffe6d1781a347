"""The timing engine in Python: for machines without a C compiler, and to check the native one against."""

from typing import Any

import unicorn

from orchestrator.virtual_board.timing.block import Block
from orchestrator.virtual_board.timing.cortex_m4 import BRANCH_CYCLES
from orchestrator.virtual_board.timing.engine import Watched
from orchestrator.virtual_board.timing.flash_timing import ART_64_BITS, Accelerator, FlashTiming


class _LeastRecentlyUsed:
    """A fully associative cache of tags; a dict keeps the order of use."""

    def __init__(self, ways: int) -> None:
        self._ways = ways
        self._tags: dict[int, None] = {}
        self._last: int | None = None

    def follows(self, tag: int) -> bool:
        """Say whether a tag is the one behind the last that was used."""
        return self._last is not None and tag == self._last + 1

    def misses(self, tag: int) -> bool:
        """Use a tag and say whether it had to be loaded."""
        self._last = tag
        known = tag in self._tags
        if known:
            del self._tags[tag]
        elif len(self._tags) >= self._ways:
            del self._tags[next(iter(self._tags))]
        self._tags[tag] = None
        return not known

    def clear(self) -> None:
        self._tags.clear()
        self._last = None


class PythonEngine:
    """See `TimingEngine`."""

    def __init__(self) -> None:
        self.cycles = self.instructions = self.deadline = 0
        self.block_address = self.block_size = self.block_cycles = self.block_end = 0
        self.branch_cycles = BRANCH_CYCLES
        self.stopped = self.missing = self.unaligned = 0
        self._costs: dict[tuple[int, int], tuple[int, int, range, bool]] = {}
        self._flash = range(0)
        self._flash_timing = FlashTiming()
        self._use_accelerator(ART_64_BITS)

    def attach(self, unicorn_engine: Any, watched: Watched) -> None:
        origin, length = watched.flash
        self._use_accelerator(watched.accelerator)
        self._flash = range(origin, origin + length)
        unicorn_engine.hook_add(unicorn.UC_HOOK_BLOCK, self._on_block)
        unicorn_engine.hook_add(unicorn.UC_HOOK_MEM_READ, self._on_flash_read, begin=origin, end=origin + length - 1)
        start, size = watched.peripherals
        unicorn_engine.hook_add(
            unicorn.UC_HOOK_MEM_READ | unicorn.UC_HOOK_MEM_WRITE, _on_access, begin=start, end=start + size - 1
        )

        if watched.aligned_only:
            unicorn_engine.hook_add(unicorn.UC_HOOK_MEM_READ | unicorn.UC_HOOK_MEM_WRITE, self._on_any_access)

    def learn(self, block: Block) -> None:
        in_flash = block.address in self._flash
        first = (block.address - self._flash.start) // self._line_bytes
        last = (block.address - self._flash.start + block.size_bytes - 1) // self._line_bytes
        lines = range(first, last + 1) if in_flash else range(0)
        self._costs[block.address, block.size_bytes] = (block.cycles, block.instructions, lines, block.unmasks)

    def forget_blocks(self) -> None:
        self._costs.clear()

    def forget_flash_lines(self) -> None:
        self._instruction_lines.clear()
        self._data_reads.clear()

    def set_flash_timing(self, timing: FlashTiming) -> None:
        self._flash_timing = timing

    def _use_accelerator(self, accelerator: Accelerator) -> None:
        self._line_bytes, self._read_bytes = accelerator.line_bytes, accelerator.read_bytes
        self._instruction_lines = _LeastRecentlyUsed(accelerator.instruction_lines)
        self._data_reads = _LeastRecentlyUsed(accelerator.data_reads)

    def _on_block(self, unicorn_engine: Any, address: int, size: int, _: Any) -> None:
        if size == 0:
            return
        cost = self._costs.get((address, size))
        self.block_address, self.block_size = address, size
        if cost is None or self.cycles >= self.deadline:
            self.missing = cost is None
            self.stopped = True
            unicorn_engine.emu_stop()
            return
        cycles, instructions, lines, unmasks = cost
        if address != self.block_end:
            self.cycles += self.branch_cycles
        timing = self._flash_timing
        if timing.instruction_miss_cycles:
            for line in lines:
                follows = self._instruction_lines.follows(line)
                if self._instruction_lines.misses(line) or not timing.instruction_cache:
                    self.cycles += timing.following_miss_cycles if follows else timing.instruction_miss_cycles
        self.cycles += cycles
        self.instructions += instructions
        self.block_cycles = cycles
        self.block_end = address + size
        if unmasks:
            self.deadline = 0  # a pending interrupt may be taken now

    def _on_flash_read(self, _e: Any, _access: int, address: int, _size: int, _value: int, _user: Any) -> None:
        timing = self._flash_timing
        if timing.data_miss_cycles:
            number = (address - self._flash.start) // self._read_bytes
            if self._data_reads.misses(number) or not timing.data_cache:
                self.cycles += timing.data_miss_cycles

    def _on_any_access(
        self, unicorn_engine: Any, _access: int, address: int, size: int, _value: int, _user: Any
    ) -> None:
        if address % size and not self.unaligned:
            self.unaligned = address
            unicorn_engine.emu_stop()


def _on_access(_e: Any, _access: int, _address: int, _size: int, _value: int, _user: Any) -> None:
    """Make Unicorn bring the program counter up to date, as any memory hook does; nothing else to do."""
