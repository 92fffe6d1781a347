"""The timing engine in Python: for machines without a C compiler, and to check the native one against."""

from collections.abc import Callable
from typing import Any

import unicorn

from orchestrator.virtual_board.timing.block import Block
from orchestrator.virtual_board.timing.cache_model import BranchPredictor, CacheModel
from orchestrator.virtual_board.timing.engine import Watched
from orchestrator.virtual_board.timing.flash_timing import ART_64_BITS, Accelerator, FlashTiming
from orchestrator.virtual_board.timing.it_block import leave_it_block
from orchestrator.virtual_board.timing.native_hook import EVERYWHERE, add_native_hook, without_effect

_PROTECTED = unicorn.UC_HOOK_MEM_READ_PROT | unicorn.UC_HOOK_MEM_WRITE_PROT
_NONE = -2
"""No line follows this one."""


class PythonEngine:
    """See `TimingEngine`."""

    def __init__(self) -> None:
        self.cycles = self.instructions = self.deadline = 0
        self.block_address = self.block_size = self.block_cycles = self.block_end = 0
        self.stopped = self.missing = 0
        self._leaving = 0
        self._costs: dict[tuple[int, int], tuple[Block, range]] = {}
        self._flash = range(0)
        self._last_line = _NONE
        self._flash_timing = FlashTiming()
        self._predictor: BranchPredictor | None = None
        self._use_accelerator(ART_64_BITS)

    def attach(self, unicorn_engine: Any, watched: Watched) -> None:
        origin, length = watched.flash
        self._predictor = BranchPredictor(watched.mispredict_cycles) if watched.mispredict_cycles else None
        self._flash = range(origin, origin + length)
        reads, writes = unicorn.UC_HOOK_MEM_READ, unicorn.UC_HOOK_MEM_WRITE

        def hook(kind: int, call: Callable[..., object], start: int, size: int) -> None:
            unicorn_engine.hook_add(kind, call, begin=start, end=start + size - 1)

        unicorn_engine.hook_add(unicorn.UC_HOOK_BLOCK, self._on_block)
        hook(_PROTECTED, _on_access, *watched.peripherals)
        if watched.accelerator is None:
            return
        self._use_accelerator(watched.accelerator)
        add_native_hook(
            unicorn_engine, unicorn.UC_HOOK_CODE, without_effect(), 0, EVERYWHERE
        )  # cuts blocks as engine.c
        hook(reads, self._on_flash_read, *watched.flash)
        for ram in watched.accelerator.cached_ram:
            hook(reads, self._on_ram_read, *ram)
            hook(writes, self._on_ram_write, *ram)

    def learn(self, block: Block) -> None:
        shift = self._line_bytes.bit_length() - 1
        lines = range(block.address >> shift, (block.address + block.size_bytes - 1 >> shift) + 1)
        in_flash = block.address in self._flash
        self._costs[block.address, block.size_bytes] = (block, lines if in_flash else range(0))

    def forget_blocks(self) -> None:
        self._costs.clear()

    def forget_caches(self) -> None:
        self._instructions.clear()
        self._data.clear()
        self._last_line = _NONE
        if self._predictor is not None:
            self._predictor.clear()

    def set_flash_timing(self, timing: FlashTiming) -> None:
        self._flash_timing = timing

    def _use_accelerator(self, accelerator: Accelerator) -> None:
        self._line_bytes = accelerator.instructions.line_bytes
        self._instructions = CacheModel(accelerator.instructions)
        self._data = CacheModel(accelerator.data) if accelerator.data else self._instructions

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
        block, lines = cost
        if address != self.block_end:
            self.cycles += self._leaving + block.entering
        if self._predictor is not None:
            self.cycles += self._predictor.stalls(self.block_end, address)
        if self._flash_timing.instruction_miss_cycles:
            self.cycles += self._fetch_stalls(lines)
        self.cycles += block.cycles
        self.instructions += block.instructions
        self.block_cycles = block.cycles
        self.block_end = address + size
        self._leaving = block.leaving
        if block.unmasks:
            self.deadline = 0  # a pending interrupt may be taken now

    def _fetch_stalls(self, lines: range) -> int:
        timing, stalls = self._flash_timing, 0
        for line in lines:
            follows = line == self._last_line + 1
            self._last_line = line
            if self._instructions.misses(line * self._line_bytes) or not timing.instruction_cache:
                stalls += timing.following_miss_cycles if follows else timing.instruction_miss_cycles
        return stalls

    def _data_misses(self, address: int) -> bool:
        return self._data.misses(address) or not self._flash_timing.data_cache

    def _on_flash_read(self, unicorn_engine: Any, _access: int, address: int, *_: Any) -> None:
        leave_it_block(unicorn_engine)
        if self._flash_timing.data_miss_cycles and self._data_misses(address):
            self.cycles += self._flash_timing.data_miss_cycles

    def _on_ram_read(self, unicorn_engine: Any, _access: int, address: int, *_: Any) -> None:
        leave_it_block(unicorn_engine)
        if self._flash_timing.ram_miss_cycles and self._data_misses(address):
            self.cycles += self._flash_timing.ram_miss_cycles

    def _on_ram_write(self, unicorn_engine: Any, _access: int, address: int, *_: Any) -> None:
        leave_it_block(unicorn_engine)
        if self._flash_timing.ram_miss_cycles:
            self._data_misses(address)


def _on_access(unicorn_engine: Any, _access: int, _address: int, _size: int, _value: int, _user: Any) -> bool:
    """Let the access go on; before it asked, Unicorn has brought the program counter up to date."""
    leave_it_block(unicorn_engine)
    return True
