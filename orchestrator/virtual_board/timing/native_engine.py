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
from orchestrator.virtual_board.timing.engine import PREDICTED_BRANCHES, TimingEngine, Watched
from orchestrator.virtual_board.timing.flash_timing import ART_64_BITS, Accelerator, Cache, FlashTiming
from orchestrator.virtual_board.timing.python_engine import PythonEngine

logger = logging.getLogger(__name__)

SOURCE = Path(__file__).with_name("engine.c")
FLAGS = ("-O2", "-std=gnu11", "-shared", "-fPIC")
SLOTS = 1 << 17
MAX_LINES, HINTS = 1024, 256

_SLOT_FIELDS = ("address", "size", "cycles", "entering", "leaving", "instructions", "unmasks", "unused")


class _Slot(ctypes.Structure):
    _fields_: ClassVar = [(name, ctypes.c_uint32) for name in _SLOT_FIELDS]


class _Cache(ctypes.Structure):
    _fields_: ClassVar = [
        ("tag", ctypes.c_uint32 * MAX_LINES),
        ("used_at", ctypes.c_uint64 * MAX_LINES),
        ("hint", ctypes.c_uint16 * HINTS),
        ("uses", ctypes.c_uint64),
        *((name, ctypes.c_uint32) for name in ("last_tag", "ways", "set_mask", "unit_shift", "keeps_used")),
    ]


class _Prediction(ctypes.Structure):
    _fields_: ClassVar = [(name, ctypes.c_uint32) for name in ("origin", "target", "counter")]


class NativeEngine(ctypes.Structure):
    """See `TimingEngine`; the fields are those of `struct engine`."""

    cycles: int
    instructions: int
    deadline: int
    block_address: int
    block_size: int
    block_cycles: int
    block_end: int
    stopped: int
    missing: int

    _fields_: ClassVar = [
        *((name, ctypes.c_uint64) for name in ("cycles", "instructions", "deadline")),
        *((name, ctypes.c_uint32) for name in ("block_address", "block_size", "block_cycles", "block_end")),
        *((name, ctypes.c_uint32) for name in ("missing", "stopped", "leaving", "mispredict_cycles")),
        *((name, ctypes.c_uint32) for name in ("instruction_miss_cycles", "following_miss_cycles")),
        *((name, ctypes.c_uint32) for name in ("data_miss_cycles", "ram_miss_cycles")),
        *((name, ctypes.c_uint32) for name in ("instruction_cache_on", "data_cache_on", "shares_cache")),
        *((name, ctypes.c_uint32) for name in ("flash_origin", "flash_bytes", "last_line")),
        ("stop", ctypes.c_void_p),
        ("slots", ctypes.c_void_p),
        ("instruction_lines", _Cache),
        ("data_lines", _Cache),
        ("predictions", _Prediction * PREDICTED_BRANCHES),
    ]

    def __init__(self, library: ctypes.CDLL) -> None:
        super().__init__()
        self._library = library
        self._table = (_Slot * SLOTS)()
        self._learnt = 0
        self.slots = ctypes.addressof(self._table)
        self.stop = ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value
        self._use_accelerator(ART_64_BITS)
        self.forget_caches()

    def attach(self, unicorn_engine: Any, watched: Watched) -> None:
        self.flash_origin, self.flash_bytes = watched.flash
        self.mispredict_cycles = watched.mispredict_cycles
        reads, writes = unicorn.UC_HOOK_MEM_READ, unicorn.UC_HOOK_MEM_WRITE
        protected = unicorn.UC_HOOK_MEM_READ_PROT | unicorn.UC_HOOK_MEM_WRITE_PROT
        self._hook(unicorn_engine, unicorn.UC_HOOK_BLOCK, "engine_on_block", (1, 0))
        self._hook(unicorn_engine, protected, "engine_on_access", watched.peripherals)
        if watched.accelerator is None:
            return
        self._use_accelerator(watched.accelerator)
        self._hook(unicorn_engine, reads, "engine_on_flash_read", watched.flash)
        for ram in watched.accelerator.cached_ram:
            self._hook(unicorn_engine, reads, "engine_on_ram_read", ram)
            self._hook(unicorn_engine, writes, "engine_on_ram_write", ram)

    def learn(self, block: Block) -> None:
        if self._learnt >= SLOTS // 2:
            self.forget_blocks()
        self._learnt += 1
        slot = _Slot(
            address=block.address,
            size=block.size_bytes,
            cycles=block.cycles,
            entering=block.entering,
            leaving=block.leaving,
            instructions=block.instructions,
            unmasks=block.unmasks,
        )
        self._library.engine_learn(ctypes.byref(self), ctypes.byref(slot))

    def forget_blocks(self) -> None:
        ctypes.memset(self._table, 0, ctypes.sizeof(self._table))
        self._learnt = 0

    def forget_caches(self) -> None:
        self._library.engine_forget_caches(ctypes.byref(self))

    def set_flash_timing(self, timing: FlashTiming) -> None:
        self.instruction_miss_cycles = timing.instruction_miss_cycles
        self.following_miss_cycles = timing.following_miss_cycles
        self.data_miss_cycles = timing.data_miss_cycles
        self.ram_miss_cycles = timing.ram_miss_cycles
        self.instruction_cache_on = timing.instruction_cache
        self.data_cache_on = timing.data_cache

    def _use_accelerator(self, accelerator: Accelerator) -> None:
        _shape(self.instruction_lines, accelerator.instructions)
        self.shares_cache = accelerator.data is None
        _shape(self.data_lines, accelerator.data or accelerator.instructions)

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


def _shape(native: _Cache, cache: Cache) -> None:
    if cache.lines > MAX_LINES:
        raise ValueError(f"a cache of {cache.lines} lines, but at most {MAX_LINES} can be modelled")
    native.ways, native.set_mask = cache.ways or cache.lines, cache.sets - 1
    native.unit_shift, native.keeps_used = cache.line_bytes.bit_length() - 1, cache.keeps_used


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
