"""The core in Unicorn: runs until its budget of cycles is used up or something needs attention."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import unicorn
from unicorn import arm_const as reg

from orchestrator.domain.board_type import Memory, MemoryKind
from orchestrator.virtual_board.bus import BLOCK_BYTES, Mapped, read_bytes, write_bytes
from orchestrator.virtual_board.core import Core
from orchestrator.virtual_board.faults import Fault, FaultKind
from orchestrator.virtual_board.registers import Registers
from orchestrator.virtual_board.timing.block import Block, BlockDecoder
from orchestrator.virtual_board.timing.engine import TimingEngine, Watched
from orchestrator.virtual_board.timing.flash_timing import Accelerator
from orchestrator.virtual_board.timing.it_block import leave_it_block

logger = logging.getLogger(__name__)

NOWHERE = 0xF000_0001
"""Address at which Unicorn would end by itself; odd, so never reached."""

PERIPHERAL_SPACE = (0x4000_0000, 0xC000_0000)
"""Origin and size of what is neither code nor SRAM (ARMv7-M ARM B3.1)."""

THUMB_BIT, EXCEPTION_NUMBER = 1 << 24, 0x1FF
FIRST_EXC_RETURN = 0xF000_0000
"""In handler mode a jump to this address or above is an exception return (ARMv7-M ARM B1.5.8)."""

WFE, YIELD = 0xBF20, 0xBF10
INTR_SVC, INTR_PREFETCH_ABORT, INTR_DATA_ABORT, INTR_BKPT, INTR_EXCEPTION_RETURN = 2, 3, 4, 7, 8
"""QEMU's exception numbers (target/arm/cpu.h) as UC_HOOK_INTR passes them."""


class StopKind(Enum):
    """Why the core stopped."""

    BUDGET = auto()
    SLEEP = auto()
    SUPERVISOR_CALL = auto()
    EXCEPTION_RETURN = auto()
    FAULT = auto()


@dataclass(frozen=True)
class Stop:
    """How a run ended; `fault` is set for `FAULT` only."""

    kind: StopKind
    fault: Fault | None = None


class Cpu:
    """Core, memories and the dispatch of peripheral accesses."""

    def __init__(
        self,
        core: Core,
        memories: Sequence[Memory],
        engine: TimingEngine,
        mapped: Sequence[Mapped],
        is_fpu_enabled: Callable[[], bool],
        decoder: BlockDecoder,
        accelerator: Accelerator | None,
    ) -> None:
        self.engine = engine
        self._is_fpu_enabled = is_fpu_enabled
        self._memories = tuple(memories)
        self._decoder = decoder
        self._blocks: dict[tuple[int, int], Block] = {}
        self._invalid_access: tuple[int, int] | None = None
        self._interrupt: int | None = None
        self._in_access = False
        # UC_MODE_MCLASS would make a Cortex-M33 of every core, whatever model is asked for.
        self.unicorn = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB)
        self.unicorn.ctl_set_cpu_model(core.unicorn_model)
        self.unicorn.ctl_set_page_size(BLOCK_BYTES)
        self.registers = Registers(self.unicorn)
        self._map_memories()
        for block in mapped:
            self._map_peripheral(block)
        flash = next(memory for memory in memories if memory.kind is MemoryKind.FLASH)
        self._flash = flash
        self.on_flash_store: Callable[[int, int, int], None] = lambda address, size_bytes, value: None
        self._flash_stores: int | None = None
        watched_flash = (flash.origin, flash.size_bytes)
        engine.attach(
            self.unicorn,
            Watched(watched_flash, PERIPHERAL_SPACE, accelerator, core.mispredict_cycles),
        )
        self.unicorn.hook_add(unicorn.UC_HOOK_INTR, self._on_interrupt)
        self.unicorn.hook_add(unicorn.UC_HOOK_MEM_INVALID, self._on_invalid_access)

    def reset(self) -> None:
        """Put the core registers at their reset values; memories keep what they hold."""
        for register in range(reg.UC_ARM_REG_R0, reg.UC_ARM_REG_R0 + 13):
            self.registers.write(register, 0)
        zero = ("CONTROL", "PRIMASK", "BASEPRI", "FAULTMASK", "PSP", "FPSCR")
        for name in zero:
            self.registers.write(getattr(reg, f"UC_ARM_REG_{name}"), 0)
        self.registers.write(reg.UC_ARM_REG_XPSR, THUMB_BIT)
        self.registers.write(reg.UC_ARM_REG_LR, 0xFFFF_FFFF)

    def run(self, deadline: int) -> Stop:
        """Run until the first block that starts at or after `deadline` cycles, or until something happens."""
        self.engine.deadline = deadline
        while True:
            self.engine.stopped = self.engine.missing = 0
            stop = self._run_once()
            if stop is not None:
                return stop

    def cycles(self) -> int:
        """Give core cycles up to the instruction that runs now, or up to the next one between runs."""
        counted = self.engine.cycles
        if not self._in_access:
            return counted
        block = self._blocks[self.engine.block_address, self.engine.block_size]
        return counted - block.cycles + block.starts[self.pc]

    def stop_by(self, cycles: int) -> None:
        """Make the current run end before the first block at or after `cycles`, if it does not end sooner."""
        self.engine.deadline = min(self.engine.deadline, cycles)

    @property
    def pc(self) -> int:
        """Address of the current instruction."""
        return self.registers.read(reg.UC_ARM_REG_PC)

    @pc.setter
    def pc(self, address: int) -> None:
        self.registers.write(reg.UC_ARM_REG_PC, address | 1)

    def read_memory(self, address: int, size_bytes: int) -> bytes | None:
        """Read flash or RAM, or give None where neither is."""
        if self._memory_at(address, size_bytes) is None:
            return None
        return bytes(self.unicorn.mem_read(address, size_bytes))

    def write_ram(self, address: int, data: bytes) -> bool:
        """Write to RAM; False where there is none."""
        memory = self._memory_at(address, len(data))
        if memory is None or memory.kind is not MemoryKind.RAM:
            return False
        self.unicorn.mem_write(address, data)
        return True

    def program(self, address: int, data: bytes) -> None:
        """Change flash past its protection, as its own controller does; `forget_code` must follow."""
        self.unicorn.mem_write(address, data)

    def allow_flash_stores(self, allowed: bool) -> None:
        """Let stores reach the flash, each told to `on_flash_store` before it happens, or let them fault."""
        flash = self._flash
        if allowed is (self._flash_stores is not None):
            return
        access = unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC | (unicorn.UC_PROT_WRITE if allowed else 0)
        self.unicorn.mem_protect(flash.origin, flash.size_bytes, access)
        if self._flash_stores is not None:
            self.unicorn.hook_del(self._flash_stores)
            self._flash_stores = None
        else:  # only now: with any hook on accesses, code is translated such that all accesses are slow
            kind = unicorn.UC_HOOK_MEM_WRITE
            self._flash_stores = self.unicorn.hook_add(
                kind, self._on_flash_write, begin=flash.origin, end=flash.end - 1
            )

    def forget_code(self) -> None:
        """Drop everything that was derived from code: it may have changed."""
        self.unicorn.ctl_flush_tb()
        self.engine.forget_blocks()
        self._blocks.clear()

    def _memory_at(self, address: int, size_bytes: int) -> Memory | None:
        for memory in self._memories:
            if memory.origin <= address and address + size_bytes <= memory.end:
                return memory
        return None

    def _map_memories(self) -> None:
        for memory in self._memories:
            readonly = memory.kind is MemoryKind.FLASH
            access = unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC | (0 if readonly else unicorn.UC_PROT_WRITE)
            self.unicorn.mem_map(memory.origin, memory.size_bytes, access)
            if readonly:
                self.unicorn.mem_write(memory.origin, b"\xff" * memory.size_bytes)

    def _map_peripheral(self, block: Mapped) -> None:
        def read(_: Any, offset: int, size_bytes: int, _user: Any) -> int:
            self._in_access = True
            try:
                return read_bytes(block.peripheral, offset, size_bytes)
            finally:
                self._in_access = False

        def write(_: Any, offset: int, size_bytes: int, value: int, _user: Any) -> None:
            self._in_access = True
            try:
                write_bytes(block.peripheral, offset, size_bytes, value)
            finally:
                self._in_access = False

        self.unicorn.mmio_map(block.base, block.size_bytes, read, None, write, None)
        if block.base >= PERIPHERAL_SPACE[0]:
            # Protected, so that the engine's hook for it makes Unicorn bring the program counter up to date.
            self.unicorn.mem_protect(block.base, block.size_bytes, unicorn.UC_PROT_NONE)

    def _on_flash_write(self, _e: Any, _access: int, address: int, size_bytes: int, value: int, _user: Any) -> None:
        leave_it_block(self.unicorn)
        self.on_flash_store(address, size_bytes, value & ((1 << (8 * size_bytes)) - 1))

    def _on_interrupt(self, engine: Any, number: int, _: Any) -> None:
        self._interrupt = number
        engine.emu_stop()

    def _on_invalid_access(self, _e: Any, kind: int, address: int, _size: int, _value: int, _user: Any) -> bool:
        self._invalid_access = (kind, address)
        return False

    def _run_once(self) -> Stop | None:
        self._invalid_access = self._interrupt = None
        thumb = self.registers.read(reg.UC_ARM_REG_XPSR) & THUMB_BIT
        if not thumb:
            return self._fault(FaultKind.INVALID_STATE)
        try:
            self.unicorn.emu_start(self.pc | 1, NOWHERE)
        except unicorn.UcError as error:
            return self._stop_of_error(error)
        if self._interrupt is not None:
            return self._stop_of_interrupt(self._interrupt)
        if self.engine.missing:
            return self._learn()
        return Stop(StopKind.BUDGET if self.engine.stopped else StopKind.SLEEP)

    def _learn(self) -> Stop | None:
        address, size_bytes = self.engine.block_address, self.engine.block_size
        block = self._decoder.decode(address, bytes(self.unicorn.mem_read(address, size_bytes)))
        if block.first_fpu_address is not None and not self._is_fpu_enabled():
            self.pc = block.first_fpu_address
            return self._fault(FaultKind.NO_COPROCESSOR)
        self._blocks[address, size_bytes] = block
        self.engine.learn(block)
        return None

    def _stop_of_interrupt(self, number: int) -> Stop:
        if number == INTR_EXCEPTION_RETURN or (number == INTR_PREFETCH_ABORT and self._returns_from_handler()):
            return Stop(StopKind.EXCEPTION_RETURN)
        if number == INTR_SVC:
            return Stop(StopKind.SUPERVISOR_CALL)
        kinds = {
            INTR_BKPT: FaultKind.BREAKPOINT,
            INTR_PREFETCH_ABORT: FaultKind.EXECUTE_NEVER,
            INTR_DATA_ABORT: FaultKind.UNALIGNED,
        }
        return self._fault(kinds.get(number, FaultKind.UNDEFINED_INSTRUCTION))

    def _stop_of_error(self, error: unicorn.UcError) -> Stop | None:
        if self._invalid_access is not None:
            kind, address = self._invalid_access
            if kind == unicorn.UC_MEM_FETCH_UNMAPPED and self._returns_from_handler():
                return Stop(StopKind.EXCEPTION_RETURN)
            if kind == unicorn.UC_MEM_FETCH_UNMAPPED:
                return self._fault(FaultKind.INSTRUCTION_BUS)
            if kind == unicorn.UC_MEM_FETCH_PROT:
                return self._fault(FaultKind.EXECUTE_NEVER)
            # The access that failed has left a translation behind, by which the next would go through unchecked.
            self.unicorn.ctl(unicorn.UC_CTL_TLB_FLUSH, unicorn.UC_CTL_IO_WRITE)
            return self._fault(FaultKind.PRECISE_DATA_BUS, address)
        if error.errno != unicorn.UC_ERR_INSN_INVALID:
            logger.error("Unicorn stopped at 0x%08x: %s", self.pc, error)
            return self._fault(FaultKind.UNDEFINED_INSTRUCTION)
        if self._ended_with_hint():
            return None
        thumb = self.registers.read(reg.UC_ARM_REG_XPSR) & THUMB_BIT
        return self._fault(FaultKind.UNDEFINED_INSTRUCTION if thumb else FaultKind.INVALID_STATE)

    def _ended_with_hint(self) -> bool:
        """Tell WFE and YIELD, at which Unicorn stops as if they were invalid, from a real invalid instruction."""
        pc = self.pc
        if pc != self.engine.block_end:
            return False
        before = self.read_memory(pc - 2, 2)
        return before is not None and int.from_bytes(before, "little") in (WFE, YIELD)

    def _returns_from_handler(self) -> bool:
        """Tell an exception return, which Unicorn takes for a wild jump unless the core has TrustZone."""
        in_handler = self.registers.read(reg.UC_ARM_REG_XPSR) & EXCEPTION_NUMBER
        return bool(in_handler) and self.pc >= FIRST_EXC_RETURN

    def _fault(self, kind: FaultKind, address: int | None = None) -> Stop:
        return Stop(StopKind.FAULT, Fault(kind, self.pc, address))
