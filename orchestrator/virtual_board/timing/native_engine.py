"""The timing engine in C, compiled with the host's compiler on first use and kept in the user's cache."""

import ctypes
import hashlib
import logging
import platform
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import unicorn
from unicorn import arm_const
from unicorn.unicorn_py3.unicorn import uclib

from orchestrator.domain.errors import ToolchainError
from orchestrator.toolchain.archive import cache_dir, run_tool
from orchestrator.virtual_board.timing.block import Block
from orchestrator.virtual_board.timing.engine import PREDICTED_BRANCHES, TimingEngine, Watched
from orchestrator.virtual_board.timing.flash_timing import ART_64_BITS, Accelerator, Cache, FlashTiming
from orchestrator.virtual_board.timing.memory_access import MemoryAccess
from orchestrator.virtual_board.timing.native_hook import EVERYWHERE, add_native_hook, address_of
from orchestrator.virtual_board.timing.python_engine import PythonEngine

logger = logging.getLogger(__name__)

SOURCE = Path(__file__).with_name("engine.c")
FLAGS = ("-O2", "-std=gnu11", "-shared", "-fPIC")
SLOTS = 1 << 17
MAX_LINES, HINTS = 1024, 256
ACCESSES = 1 << 16
CACHED_RAMS = 2

_SLOT_FIELDS = ("address", "size", "cycles", "entering", "leaving", "instructions", "unmasks", "first_access")


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


class _Access(ctypes.Structure):
    _fields_: ClassVar = [
        *((name, ctypes.c_uint32) for name in ("address", "offset")),
        *((name, ctypes.c_uint8) for name in ("base", "index", "shift", "count", "step", "is_read")),
    ]


class _Range(ctypes.Structure):
    _fields_: ClassVar = [(name, ctypes.c_uint32) for name in ("origin", "bytes")]


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
        *((name, ctypes.c_void_p) for name in ("stop", "read_register", "write_register")),
        ("status_register", ctypes.c_uint32),
        *((name, ctypes.c_void_p) for name in ("slots", "accesses", "next_access")),
        ("cached_ram", _Range * CACHED_RAMS),
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
        self._accesses = (_Access * ACCESSES)(_END)
        self._known_accesses = 1
        self.accesses = self.next_access = ctypes.addressof(self._accesses)
        self.read_register = address_of(uclib.uc_reg_read)
        self.write_register = address_of(uclib.uc_reg_write)
        self.status_register = arm_const.UC_ARM_REG_CPSR
        self.stop = address_of(uclib.uc_emu_stop)
        self._use_accelerator(ART_64_BITS)
        self.forget_caches()

    def attach(self, unicorn_engine: Any, watched: Watched) -> None:
        self.flash_origin, self.flash_bytes = watched.flash
        self.mispredict_cycles = watched.mispredict_cycles
        protected = unicorn.UC_HOOK_MEM_READ_PROT | unicorn.UC_HOOK_MEM_WRITE_PROT
        self._hook(unicorn_engine, unicorn.UC_HOOK_BLOCK, "engine_on_block", EVERYWHERE)
        self._hook(unicorn_engine, protected, "engine_on_access", watched.peripherals)
        if watched.accelerator is None:
            return
        self._use_accelerator(watched.accelerator)
        self._hook(unicorn_engine, unicorn.UC_HOOK_CODE, "engine_on_instruction", EVERYWHERE)

    def learn(self, block: Block) -> None:
        watched = [access for access in block.accesses if access.is_read or self.cached_ram[0].bytes]
        if self._learnt >= SLOTS // 2 or self._known_accesses + len(watched) >= ACCESSES:
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
            first_access=self._remember(watched),
        )
        self._library.engine_learn(ctypes.byref(self), ctypes.byref(slot))

    def _remember(self, accesses: Sequence[MemoryAccess]) -> int:
        """Give where a block's accesses begin; 0 where it has none."""
        if not accesses:
            return 0
        first = self._known_accesses
        for at, access in enumerate(accesses, first):
            self._accesses[at] = _native(access)
        self._accesses[first + len(accesses)] = _END
        self._known_accesses += len(accesses) + 1
        return first

    def forget_blocks(self) -> None:
        ctypes.memset(self._table, 0, ctypes.sizeof(self._table))
        self._learnt, self._known_accesses = 0, 1

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
        if len(accelerator.cached_ram) > CACHED_RAMS:
            raise ValueError(f"{len(accelerator.cached_ram)} cached RAMs, but at most {CACHED_RAMS} can be modelled")
        for at, (origin, size_bytes) in enumerate(accelerator.cached_ram):
            self.cached_ram[at] = _Range(origin, size_bytes)

    def _hook(self, unicorn_engine: Any, kind: int, function: str, watched_range: tuple[int, int]) -> None:
        pointer = address_of(getattr(self._library, function))
        add_native_hook(unicorn_engine, kind, pointer, ctypes.addressof(self), watched_range)


_END = _Access(address=0xFFFFFFFF)
"""Behind the last access of a block."""

_REGISTERS: dict[str | None, int] = {
    **{f"r{number}": arm_const.UC_ARM_REG_R0 + number for number in range(13)},
    "sb": arm_const.UC_ARM_REG_R9, "sl": arm_const.UC_ARM_REG_R10, "fp": arm_const.UC_ARM_REG_R11,
    "ip": arm_const.UC_ARM_REG_R12, "sp": arm_const.UC_ARM_REG_SP, "lr": arm_const.UC_ARM_REG_LR,
    None: 0,
}  # fmt: skip


def _native(access: MemoryAccess) -> _Access:
    return _Access(
        address=access.address,
        offset=access.offset & 0xFFFFFFFF,
        base=_REGISTERS[access.base],
        index=_REGISTERS[access.index],
        shift=access.shift,
        count=access.count,
        step=access.step_bytes,
        is_read=access.is_read,
    )


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
