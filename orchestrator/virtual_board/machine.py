"""The board as a whole: core, peripherals, flash and ROM bootloader, from reset to reset."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum, auto
from typing import TextIO

from unicorn import arm_const as reg

from orchestrator.domain.board_type import BoardType, MemoryKind
from orchestrator.domain.errors import InputError
from orchestrator.domain.model import Segment
from orchestrator.virtual_board.chip import Chip
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.cpu import Cpu, Stop, StopKind
from orchestrator.virtual_board.exceptions import Exceptions, LockUpError
from orchestrator.virtual_board.flash_memory import FlashMemory
from orchestrator.virtual_board.nrf52 import Nrf52
from orchestrator.virtual_board.peripherals.flash_interface import AccessControl
from orchestrator.virtual_board.peripherals.scb import SYSTICK
from orchestrator.virtual_board.peripherals.uart import IDLE_POLLS
from orchestrator.virtual_board.rom_bootloader import BootloaderProtocol
from orchestrator.virtual_board.serial_line import LineFormat, SerialLine
from orchestrator.virtual_board.stm32f4 import Stm32F4
from orchestrator.virtual_board.stm32f7 import Stm32F7
from orchestrator.virtual_board.stm32g0 import Stm32G0
from orchestrator.virtual_board.stm32h7 import Stm32H7
from orchestrator.virtual_board.stm32l4 import Stm32L4
from orchestrator.virtual_board.stm32l4plus import Stm32L4Plus
from orchestrator.virtual_board.stm32u5 import Stm32U5
from orchestrator.virtual_board.timing.block import BlockDecoder
from orchestrator.virtual_board.timing.engine import TimingEngine
from orchestrator.virtual_board.timing.flash_timing import FlashTiming

logger = logging.getLogger(__name__)

SLICE_CYCLES = 400_000
"""How long the core runs before the outside world is looked at: 4 ms at 100 million cycles per second."""

BOOTLOADER_RAM_BYTES = 0x3100
"""RAM at the start of SRAM1 that the L476's bootloader keeps for itself (AN2606)."""

BOOTLOADER_FORMAT = LineFormat(baud=None, parity="E")
"""8E1 at any speed: the bootloader measures the first 0x7F (AN3155 2)."""


CHIPS: dict[str, type[Chip]] = {
    "nrf52": Nrf52,
    "stm32f4": Stm32F4,
    "stm32f7": Stm32F7,
    "stm32g0": Stm32G0,
    "stm32h7": Stm32H7,
    "stm32l4": Stm32L4,
    "stm32l4plus": Stm32L4Plus,
    "stm32u5": Stm32U5,
}
"""What surrounds the core, by the firmware port of the board type."""


def _chip_type(board: BoardType) -> type[Chip]:
    if board.port not in CHIPS:
        raise InputError(
            f"board type {board.name!r}: no virtual board for port {board.port!r}; known: {', '.join(CHIPS)}"
        )
    return CHIPS[board.port]


class State(Enum):
    """What the chip is doing."""

    RUNNING = auto()
    BOOTLOADER = auto()
    LOCKED_UP = auto()


class Machine:
    """A powered board; `advance` lets its time go on.

    Args:
        device_id: the chip's 96-bit unique id as 24 hex digits, most significant word first.
        zero_wait_states: flash answers at once, whatever FLASH_ACR says.
        count_instructions: every instruction takes one cycle, and nothing else takes any.
        preloaded: what a probe has put into the flash before.

    Attributes:
        on_reset: called at the end of every reset.

    Raises:
        InputError: no virtual board exists for this type.
    """

    def __init__(
        self,
        board: BoardType,
        device_id: str,
        line: SerialLine,
        engine: TimingEngine,
        zero_wait_states: bool = False,
        preloaded: Sequence[Segment] = (),
        count_instructions: bool = False,
    ) -> None:
        self._board = board
        self._line = line
        self._zero_wait_states = zero_wait_states or count_instructions
        self._engine = engine
        self._access_control = AccessControl(0, prefetch=False, instruction_cache=False, data_cache=False)
        self._reset_requested = False
        self._sleeping = False
        self._calls: list[tuple[int, Callable[[], None]]] = []
        self.on_reset: list[Callable[[], None]] = []
        self._bootloader: BootloaderProtocol | None = None
        self.state = State.LOCKED_UP
        self.clock = BoardClock(self._cycles, self._stop_by)
        self.chip = _chip_type(board)(
            board,
            device_id,
            line,
            self.clock,
            self._set_access_control,
            engine.forget_caches,
            self._request_reset,
        )
        core = self.chip.core.counting() if count_instructions else self.chip.core
        decoder = BlockDecoder(core.table)
        self.cpu = Cpu(
            core,
            board.memories,
            engine,
            self.chip.mapped,
            self.chip.scb.is_fpu_enabled,
            decoder,
            None if self._zero_wait_states else self.chip.accelerator,
        )
        self.flash = FlashMemory(board, self.cpu)
        self.chip.flash_interface.attach(self.flash)
        self.chip.scb.on_cache_control = self._set_flash_timing
        self.cpu.on_flash_store = self.chip.flash_interface.store
        self._exceptions = Exceptions(self.cpu, self.chip.nvic, self.chip.scb, core)
        for segment in preloaded:
            self.cpu.program(segment.address, segment.data)
        line.on_reset_pulse = self.reset
        self.reset()

    def reset(self) -> None:
        """Reset everything but the memories and boot as BOOT0 says (RM0351 2.6)."""
        self.cpu.reset()
        self.chip.reset()
        self._sleeping = self._reset_requested = False
        self._calls.clear()
        origin = self._board.memory(MemoryKind.FLASH).origin
        if self._line.boot0 and self._board.rom_bootloader is not None:
            logger.info("reset into the ROM bootloader")
            self._exceptions.reset(boot_alias=None)
            self._bootloader = BootloaderProtocol(self._board.rom_bootloader, self.flash, self, self._go)
            self.state = State.BOOTLOADER
        else:
            logger.info("reset into flash")
            self._exceptions.reset(boot_alias=origin)
            self._start(origin)
        for call in self.on_reset:
            call()

    def call_in_s(self, seconds: float, call: Callable[[], None]) -> None:
        """Call back when so much of the board's time has passed, unless a reset comes first."""
        due = self.clock.now() + round(seconds * self._board.clock_hz)
        self._calls.append((due, call))
        self.clock.stop_by(due)

    def log_trigger(self, log: TextIO) -> None:
        """Write a line for each edge of the trigger pin from now on: the board's time in seconds, 1 or 0."""

        def note(high: bool) -> None:
            log.write(f"{self.clock.now() / self._board.clock_hz:.9f} {int(high)}\n")

        self.chip.on_trigger.append(note)

    def advance(self) -> bool:
        """Run for one slice at most; False when only input or `wakes_in_s` can make anything happen."""
        if self.state is State.BOOTLOADER:
            self._serve_bootloader()
        if self.state is State.LOCKED_UP:
            self._line.to_target.clear()  # nobody listens: lost on the wire
        end = self.clock.now() + SLICE_CYCLES
        self.chip.usart.idle_polls = 0
        while self.state is State.RUNNING and self.clock.now() < end:
            if self._sleeping and not self._wake():
                return False
            try:
                self._step(end)
            except LockUpError as error:
                self.lock_up(str(error))
            if self._reset_requested:
                self.reset()
            if self._calls:
                self._call_due()
            if self.polls_idly():
                break
        return self.state is State.RUNNING

    def polls_idly(self) -> bool:
        """Say whether the firmware keeps polling the serial line in vain."""
        return self.chip.usart.idle_polls >= IDLE_POLLS and not self._line.to_target

    def wakes_in_s(self) -> float | None:
        """Give after how many seconds of the board's time a sleeping board wakes by itself; None: never."""
        due = self._next_due(self.chip.systick.next_interrupt_at())
        if self.state is not State.RUNNING or due is None:
            return None
        return max(0, due - self.clock.now()) / self._board.clock_hz

    def sleep_s(self, seconds: float) -> None:
        """Let time pass on a sleeping board."""
        if self._sleeping:
            self.clock.sleep_until(self.clock.now() + round(seconds * self._board.clock_hz))
            self._call_due()

    def read(self, address: int, size_bytes: int) -> bytes | None:
        """Read for the bootloader: memories and the factory's words; None elsewhere."""
        data = self.cpu.read_memory(address, size_bytes)
        return self.chip.read_factory_words(address, size_bytes) if data is None else data

    def write_ram(self, address: int, data: bytes) -> bool:
        """Write for the bootloader: RAM it does not use itself."""
        origin = self._board.memory(MemoryKind.RAM).origin
        if origin <= address < origin + BOOTLOADER_RAM_BYTES:
            return False
        return self.cpu.write_ram(address, data)

    def _cycles(self) -> int:
        return self.cpu.cycles()

    def _stop_by(self, cycles: int) -> None:
        self.cpu.stop_by(cycles)

    def _request_reset(self) -> None:
        self._reset_requested = True
        self.clock.stop_now()

    def _set_access_control(self, access: AccessControl) -> None:
        self._access_control = access
        self._set_flash_timing()

    def _set_flash_timing(self) -> None:
        access = self._access_control
        if self.chip.core.has_caches:
            caches = self.chip.scb.is_instruction_cache_on(), self.chip.scb.is_data_cache_on()
            access = replace(access, instruction_cache=caches[0], data_cache=caches[1])
        timing = FlashTiming() if self._zero_wait_states else FlashTiming.of(access, self.chip.accelerator)
        self._engine.set_flash_timing(timing)

    def _serve_bootloader(self) -> None:
        while self._bootloader is not None and self._line.to_target:
            byte, frame_is_right = self._line.take_from_host(BOOTLOADER_FORMAT)
            if frame_is_right:
                self._line.send_to_host(self._bootloader.feed(byte), BOOTLOADER_FORMAT)

    def _go(self, address: int) -> None:
        logger.info("bootloader starts 0x%08x", address)
        self._bootloader = None
        self._start(address)

    def _start(self, table: int) -> None:
        """Load stack pointer and program counter from a vector table and run."""
        vectors = self.cpu.read_memory(table, 8) or bytes(8)
        stack, entry = int.from_bytes(vectors[:4], "little"), int.from_bytes(vectors[4:], "little")
        self.cpu.forget_code()
        self._engine.forget_caches()
        self.cpu.registers.write(reg.UC_ARM_REG_MSP, stack & ~3)
        self.cpu.pc = entry & ~1
        self.state = State.RUNNING
        if not entry & 1:
            self.lock_up(f"the reset vector 0x{entry:08x} is not a Thumb address")

    def _step(self, end: int) -> None:
        self.chip.usart.receive()
        pending = self._next_pending()
        if pending is not None:
            self._exceptions.take_if_urgent(pending)
        until = self._next_due(end, self.chip.systick.next_interrupt_at(), self.chip.usart.next_byte_at()) or end
        stop = self.cpu.run(max(until - self.clock.slept_cycles, self._engine.cycles + 1))
        self._handle(stop)

    def _next_due(self, *times: int | None) -> int | None:
        """Give the earliest of times and of what `call_in_s` was asked for."""
        return min((due for due in (*times, *(due for due, _ in self._calls)) if due is not None), default=None)

    def _call_due(self) -> None:
        now = self.clock.now()
        due = [call for time, call in self._calls if time <= now]
        self._calls = [(time, call) for time, call in self._calls if time > now]
        for call in due:
            call()

    def _handle(self, stop: Stop) -> None:
        if stop.kind is StopKind.SLEEP:
            self._sleeping = True
        elif stop.kind is StopKind.EXCEPTION_RETURN:
            self._exceptions.return_from_exception()
        elif stop.kind is StopKind.SUPERVISOR_CALL:
            self._exceptions.supervisor_call()
        elif stop.fault is not None:
            self._exceptions.take_fault(stop.fault)

    def _wake(self) -> bool:
        """End the sleep if an interrupt is pending, letting time pass to the arrival of a waiting byte."""
        arrival = self.chip.usart.next_byte_at()
        if arrival is not None:
            self.clock.sleep_until(arrival)
            self.chip.usart.receive()
        self._sleeping = self._next_pending() is None
        return not self._sleeping

    def _next_pending(self) -> int | None:
        if self.chip.systick.take_interrupt():
            self.chip.scb.pending.add(SYSTICK)
        return self._exceptions.next_pending(self.chip.asserted_exceptions())

    def lock_up(self, why: str) -> None:
        """Stop the core for good: only a reset helps."""
        logger.error("lock-up at 0x%08x: %s", self.cpu.pc, why)
        self.state = State.LOCKED_UP
