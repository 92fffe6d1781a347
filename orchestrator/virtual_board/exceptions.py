"""Taking and returning from exceptions (ARMv7-M ARM B1.5): priorities, stack frames, EXC_RETURN, lock-up."""

import logging
import struct

from unicorn import arm_const as reg

from orchestrator.virtual_board.core import Core
from orchestrator.virtual_board.cpu import THUMB_BIT, Cpu
from orchestrator.virtual_board.faults import HARD_FAULT, Fault, FaultKind
from orchestrator.virtual_board.peripherals.nvic import FIRST_IRQ, Nvic
from orchestrator.virtual_board.peripherals.scb import (
    BFAR,
    BFARVALID,
    CFSR,
    HFSR,
    SHCSR,
    VTOR,
    SystemControlBlock,
)

logger = logging.getLogger(__name__)

LOGGED_FAULTS = 50
"""Faults logged between two resets: a handler that returns to the culprit must not fill the disk."""

SVCALL = 11
BASE_PRIORITY = 256
"""Execution priority of thread mode with nothing active; lower numbers win."""

HARD_FAULT_PRIORITY = -1
FORCED, VECTTBL, DEBUGEVT = 1 << 30, 1 << 1, 1 << 31
PLAIN_FRAME, TO_THREAD, PROCESS_STACK = 1 << 4, 1 << 3, 1 << 2
"""Bits of EXC_RETURN that are added to `Core.exc_return`."""

FPCA, SPSEL, NPRIV = 1 << 2, 1 << 1, 1 << 0
ALIGNED_FRAME = 1 << 9
_ENABLE_BITS = {4: 1 << 16, 5: 1 << 17, 6: 1 << 18}
_CORE_FRAME = struct.Struct("<8I")
_CORE_REGISTERS = tuple(
    getattr(reg, f"UC_ARM_REG_{name}") for name in ("R0", "R1", "R2", "R3", "R12", "LR", "PC", "XPSR")
)
_FPU_FRAME = struct.Struct("<8QII")
_FPU_REGISTERS = (*(getattr(reg, f"UC_ARM_REG_D{number}") for number in range(8)), reg.UC_ARM_REG_FPSCR)


class LockUpError(Exception):
    """The core stopped for good: a fault in a fault handler, or no usable vector. Only NRST helps."""


class Exceptions:
    """The part of the NVIC that Unicorn lacks."""

    def __init__(self, cpu: Cpu, nvic: Nvic, scb: SystemControlBlock, core: Core) -> None:
        self._core = core
        self._cpu = cpu
        self._registers = cpu.registers
        self._nvic = nvic
        self._scb = scb
        self._boot_alias: int | None = None
        self._active: list[int] = []
        self._faults = 0

    def reset(self, boot_alias: int | None) -> None:
        """Forget what was active; address 0 shows `boot_alias`: the flash's origin, or None (system memory)."""
        self._boot_alias = boot_alias
        self._active.clear()
        self._faults = 0

    def next_pending(self, asserted: set[int]) -> int | None:
        """Give the most urgent exception that is enabled and pending, masked or not.

        `asserted` are the exception numbers of interrupt lines that peripherals hold up at present.
        """
        waiting = (self._nvic.pending | asserted) & self._nvic.enabled | self._scb.pending
        waiting.difference_update(self._active)
        if not waiting:
            return None
        return min(waiting, key=lambda number: (self._priority(number), number))

    def take_if_urgent(self, number: int) -> bool:
        """Enter the handler of `number` unless something as urgent runs or it is masked."""
        if self._priority(number) >= self._execution_priority():
            return False
        self._nvic.pending.discard(number)
        self._scb.pending.discard(number)
        self._enter(number)
        return True

    def supervisor_call(self) -> None:
        """Take SVCall, or escalate to HardFault where its priority does not suffice."""
        if not self.take_if_urgent(SVCALL):
            self._scb.set_bits(HFSR, FORCED)
            self._enter_hard_fault("SVC at a priority that masks it")

    def take_fault(self, fault: Fault) -> None:
        """Record a fault and enter its handler, or HardFault's.

        Raises:
            LockUpError: the fault happened in the HardFault handler.
        """
        self._log(fault)
        self._record(fault)
        number = fault.kind.exception
        enabled = self._scb.stored(SHCSR) & _ENABLE_BITS.get(number, 0)
        if enabled and self._priority(number) < self._execution_priority():
            self._enter(number)
            return
        if number != HARD_FAULT:
            self._scb.set_bits(HFSR, FORCED)
        self._enter_hard_fault(str(fault))

    def return_from_exception(self) -> None:
        """Unstack the frame that EXC_RETURN in the program counter points out."""
        exc_return = self._cpu.pc | self._core.exc_return & 1
        where = exc_return & (TO_THREAD | PROCESS_STACK)
        is_known = exc_return & ~(PLAIN_FRAME | where) == self._core.exc_return and where != PROCESS_STACK
        if not is_known or not self._active:
            self.take_fault(Fault(FaultKind.INVALID_RETURN, self._cpu.pc))
            return
        self._active.pop()
        self._scb.active = self._active[-1] if self._active else 0
        uses_process_stack = bool(exc_return & PROCESS_STACK)
        pointer = reg.UC_ARM_REG_PSP if uses_process_stack else reg.UC_ARM_REG_MSP
        has_fpu_frame = not exc_return & PLAIN_FRAME
        self._unstack(pointer, has_fpu_frame)
        control = self._registers.read(reg.UC_ARM_REG_CONTROL) & NPRIV
        control |= (SPSEL if uses_process_stack else 0) | (FPCA if has_fpu_frame else 0)
        self._registers.write(reg.UC_ARM_REG_CONTROL, control)
        self._registers.write(reg.UC_ARM_REG_FAULTMASK, 0)
        self._cpu.engine.cycles += self._core.exception_return_cycles

    def _log(self, fault: Fault) -> None:
        self._faults += 1
        if self._faults <= LOGGED_FAULTS:
            logger.warning("%s", fault)
        if self._faults == LOGGED_FAULTS:
            logger.warning("further faults are not logged until the next reset")

    def _record(self, fault: Fault) -> None:
        self._scb.set_bits(CFSR, fault.kind.cfsr_bit)
        if fault.kind is FaultKind.PRECISE_DATA_BUS and fault.address is not None:
            self._scb.set_bits(CFSR, BFARVALID)
            self._scb.set_fault_address(BFAR, fault.address)
        if fault.kind is FaultKind.BREAKPOINT:
            self._scb.set_bits(HFSR, DEBUGEVT)

    def _enter_hard_fault(self, why: str) -> None:
        if self._execution_priority() <= HARD_FAULT_PRIORITY:
            raise LockUpError(why)
        self._enter(HARD_FAULT)

    def _priority(self, number: int) -> int:
        if number == HARD_FAULT:
            return HARD_FAULT_PRIORITY
        return self._nvic.priority(number) if number >= FIRST_IRQ else self._scb.system_priority(number)

    def _execution_priority(self) -> int:
        priority = min((self._priority(number) for number in self._active), default=BASE_PRIORITY)
        base = self._registers.read(reg.UC_ARM_REG_BASEPRI)
        if base:
            priority = min(priority, base)
        if self._registers.read(reg.UC_ARM_REG_PRIMASK) & 1:
            priority = min(priority, 0)
        if self._registers.read(reg.UC_ARM_REG_FAULTMASK) & 1:
            priority = min(priority, HARD_FAULT_PRIORITY)
        return priority

    def _enter(self, number: int) -> None:
        exc_return, stacked = self._stack()
        if not stacked:
            self._record(Fault(FaultKind.STACKING, self._cpu.pc))
            if number != HARD_FAULT:
                self._scb.set_bits(HFSR, FORCED)
                number = HARD_FAULT
        handler = self._vector(number)
        self._active.append(number)
        self._scb.active = number
        control = self._registers.read(reg.UC_ARM_REG_CONTROL) & NPRIV
        self._registers.write(reg.UC_ARM_REG_CONTROL, control)
        self._registers.write(reg.UC_ARM_REG_LR, exc_return)
        self._registers.write(reg.UC_ARM_REG_XPSR, THUMB_BIT | number)
        self._cpu.pc = handler & ~1
        self._cpu.engine.cycles += self._core.exception_entry_cycles
        if not handler & 1:
            self._registers.write(reg.UC_ARM_REG_XPSR, number)  # Thumb bit clear: faults on the first instruction

    def _vector(self, number: int) -> int:
        table = self._scb.stored(VTOR) & ~0x7F
        if table == 0 and self._boot_alias is not None:
            table = self._boot_alias
        entry = self._cpu.read_memory(table + 4 * number, 4)
        if entry is not None:
            return int.from_bytes(entry, "little")
        self._scb.set_bits(HFSR, VECTTBL)
        if number == HARD_FAULT:
            raise LockUpError(f"no vector table at 0x{table:08x} (VTOR)")
        return self._vector(HARD_FAULT)

    def _stack(self) -> tuple[int, bool]:
        """Push the frame; give EXC_RETURN and whether the memory took it."""
        control = self._registers.read(reg.UC_ARM_REG_CONTROL)
        has_fpu_frame = bool(control & FPCA)
        in_handler = bool(self._active)
        uses_process_stack = bool(control & SPSEL) and not in_handler
        pointer = reg.UC_ARM_REG_PSP if uses_process_stack else reg.UC_ARM_REG_MSP
        before = self._registers.read(pointer)
        frame_bytes = 26 * 4 if has_fpu_frame else 8 * 4
        top = (before - frame_bytes) & 0xFFFF_FFFF & ~7
        words = [self._registers.read(register) for register in _CORE_REGISTERS]
        words[7] = words[7] & ~ALIGNED_FRAME | (ALIGNED_FRAME if before & 4 else 0)
        frame = _CORE_FRAME.pack(*words)
        if has_fpu_frame:
            frame += _FPU_FRAME.pack(*(self._registers.read(register) for register in _FPU_REGISTERS), 0)
        self._registers.write(pointer, top)
        exc_return = self._core.exc_return | (0 if has_fpu_frame else PLAIN_FRAME)
        exc_return |= (0 if in_handler else TO_THREAD) | (PROCESS_STACK if uses_process_stack else 0)
        return exc_return, self._cpu.write_ram(top, frame)

    def _unstack(self, pointer: int, has_fpu_frame: bool) -> None:
        top = self._registers.read(pointer)
        size_bytes = 26 * 4 if has_fpu_frame else 8 * 4
        frame = self._cpu.read_memory(top, size_bytes)
        if frame is None:
            self.take_fault(Fault(FaultKind.UNSTACKING, self._cpu.pc, top))
            return
        words = _CORE_FRAME.unpack_from(frame)
        if has_fpu_frame:
            *doubles, fpscr, _ = _FPU_FRAME.unpack_from(frame, _CORE_FRAME.size)
            for register, value in zip(_FPU_REGISTERS, (*doubles, fpscr), strict=True):
                self._registers.write(register, value)
        padding = 4 if words[7] & ALIGNED_FRAME else 0
        for register, value in zip(_CORE_REGISTERS[:6], words[:6], strict=True):
            self._registers.write(register, value)
        self._registers.write(reg.UC_ARM_REG_XPSR, words[7] & ~ALIGNED_FRAME)
        self._cpu.pc = words[6]
        self._registers.write(pointer, top + size_bytes + padding)
