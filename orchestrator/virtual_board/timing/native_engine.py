"""The timing engine in C, compiled with the host's compiler on first use and kept in the user's cache."""

import ctypes
import hashlib
import logging
import platform
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import unicorn
from unicorn.unicorn_py3.unicorn import uclib

from orchestrator.domain.errors import ToolchainError
from orchestrator.toolchain.archive import cache_dir, run_tool
from orchestrator.virtual_board.timing.block import Block
from orchestrator.virtual_board.timing.cortex_m4 import BRANCH_CYCLES
from orchestrator.virtual_board.timing.engine import TimingEngine, Watched
from orchestrator.virtual_board.timing.flash_timing import ART_64_BITS, Accelerator, FlashTiming
from orchestrator.virtual_board.timing.python_engine import PythonEngine

logger = logging.getLogger(__name__)

SOURCE = Path(__file__).with_name("engine.c")
FLAGS = ("-O2", "-std=gnu11", "-shared", "-fPIC")
SLOTS = 1 << 17
MAX_WAYS = 64


_SLOT_FIELDS = ("address", "size", "cycles", "instructions", "unmasks")


class _Slot(ctypes.Structure):
    _fields_: ClassVar = [(name, ctypes.c_uint32) for name in _SLOT_FIELDS]


class _Cache(ctypes.Structure):
    _fields_: ClassVar = [
        ("tag", ctypes.c_uint32 * MAX_WAYS),
        ("used_at", ctypes.c_uint64 * MAX_WAYS),
        ("uses", ctypes.c_uint64),
        ("last_tag", ctypes.c_uint32),
        ("ways", ctypes.c_uint32),
        ("unit_shift", ctypes.c_uint32),
    ]


class NativeEngine(ctypes.Structure):
    """See `TimingEngine`; the fields are those of `struct engine`."""

    cycles: int
    instructions: int
    deadline: int
    block_address: int
    block_size: int
    block_cycles: int
    block_end: int
    branch_cycles: int
    stopped: int
    missing: int
    unaligned: int

    _fields_: ClassVar = [
        *((name, ctypes.c_uint64) for name in ("cycles", "instructions", "deadline")),
        *((name, ctypes.c_uint32) for name in ("block_address", "block_size", "block_cycles", "block_end")),
        *((name, ctypes.c_uint32) for name in ("missing", "stopped", "unaligned", "branch_cycles")),
        *((name, ctypes.c_uint32) for name in ("instruction_miss_cycles", "following_miss_cycles")),
        ("data_miss_cycles", ctypes.c_uint32),
        *((name, ctypes.c_uint32) for name in ("instruction_cache_on", "data_cache_on")),
        *((name, ctypes.c_uint32) for name in ("flash_origin", "flash_bytes")),
        ("stop", ctypes.c_void_p),
        ("slots", ctypes.c_void_p),
        ("instruction_lines", _Cache),
        ("data_reads", _Cache),
    ]

    def __init__(self, library: ctypes.CDLL) -> None:
        super().__init__(branch_cycles=BRANCH_CYCLES)
        self._library = library
        self._table = (_Slot * SLOTS)()
        self._learnt = 0
        self.slots = ctypes.addressof(self._table)
        self.stop = ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value
        self._use_accelerator(ART_64_BITS)
        self.forget_flash_lines()

    def attach(self, unicorn_engine: Any, watched: Watched) -> None:
        self.flash_origin, self.flash_bytes = watched.flash
        self._use_accelerator(watched.accelerator)
        reads, writes = unicorn.UC_HOOK_MEM_READ, unicorn.UC_HOOK_MEM_WRITE
        self._hook(unicorn_engine, unicorn.UC_HOOK_BLOCK, "engine_on_block", (1, 0))
        self._hook(unicorn_engine, reads, "engine_on_flash_read", watched.flash)
        self._hook(unicorn_engine, reads | writes, "engine_on_access", watched.peripherals)
        if watched.aligned_only:
            self._hook(unicorn_engine, reads | writes, "engine_on_any_access", (1, 0))

    def learn(self, block: Block) -> None:
        if self._learnt >= SLOTS // 2:
            self.forget_blocks()
        self._learnt += 1
        values = (block.address, block.size_bytes, block.cycles, block.instructions, block.unmasks)
        self._library.engine_learn(ctypes.byref(self), *map(ctypes.c_uint32, values))

    def forget_blocks(self) -> None:
        ctypes.memset(self._table, 0, ctypes.sizeof(self._table))
        self._learnt = 0

    def forget_flash_lines(self) -> None:
        self._library.engine_forget_flash_lines(ctypes.byref(self))

    def set_flash_timing(self, timing: FlashTiming) -> None:
        self.instruction_miss_cycles = timing.instruction_miss_cycles
        self.following_miss_cycles = timing.following_miss_cycles
        self.data_miss_cycles = timing.data_miss_cycles
        self.instruction_cache_on = timing.instruction_cache
        self.data_cache_on = timing.data_cache

    def _use_accelerator(self, accelerator: Accelerator) -> None:
        for cache, unit_bytes, ways in (
            (self.instruction_lines, accelerator.line_bytes, accelerator.instruction_lines),
            (self.data_reads, accelerator.read_bytes, accelerator.data_reads),
        ):
            if ways > MAX_WAYS:
                raise ValueError(f"a flash cache of {ways} lines, but at most {MAX_WAYS} can be modelled")
            cache.ways, cache.unit_shift = ways, unit_bytes.bit_length() - 1

    def _hook(self, unicorn_engine: Any, kind: int, function: str, watched_range: tuple[int, int]) -> None:
        start, size = watched_range
        handle = ctypes.c_size_t()
        status = uclib.uc_hook_add(
            unicorn_engine._uch,
            ctypes.byref(handle),
            kind,
            ctypes.cast(getattr(self._library, function), ctypes.c_void_p),
            ctypes.addressof(self),
            ctypes.c_uint64(start),
            ctypes.c_uint64(start + size - 1 if size else 0),
        )
        if status != unicorn.UC_ERR_OK:
            raise unicorn.UcError(status)


def best_engine() -> TimingEngine:
    """Give the native engine, or the Python one where no C compiler is installed; their counts are the same."""
    try:
        return NativeEngine(ctypes.CDLL(str(_compiled())))
    except (OSError, ToolchainError) as error:
        logger.warning("no native timing engine (%s); counting in Python, some 20 times slower", error)
        return PythonEngine()


def _compiled() -> Path:
    key = hashlib.sha256(repr((platform.machine(), FLAGS)).encode() + SOURCE.read_bytes()).hexdigest()[:24]
    library = cache_dir() / f"timing-{key}.so"
    if library.exists():
        return library
    library.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=library.parent, prefix="build-") as folder:
        built = Path(folder) / library.name
        run_tool(["gcc", *FLAGS, SOURCE, "-o", built])
        built.rename(library)  # atomic: whoever comes second replaces equal bytes
    return library
