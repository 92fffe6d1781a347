"""What surrounds the core on every chip: the peripherals of a Cortex-M, and what a family adds to them."""

import struct
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

from orchestrator.domain.board_type import BoardType
from orchestrator.virtual_board.bus import Mapped
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.core import Core, core_of
from orchestrator.virtual_board.peripherals.dwt import Dwt
from orchestrator.virtual_board.peripherals.flash_interface import AccessControl, FlashController
from orchestrator.virtual_board.peripherals.nvic import Nvic
from orchestrator.virtual_board.peripherals.peripheral import Peripheral
from orchestrator.virtual_board.peripherals.scb import SystemControlBlock
from orchestrator.virtual_board.peripherals.system_control_space import SystemControlSpace
from orchestrator.virtual_board.peripherals.systick import SysTick
from orchestrator.virtual_board.peripherals.uart import Uart
from orchestrator.virtual_board.serial_line import SerialLine
from orchestrator.virtual_board.timing.flash_timing import Accelerator


class Chip(ABC):
    """All peripherals, wired; a family says which there are, in `_build`.

    Attributes:
        accelerator: how the chip reads its flash.
        console_exception: exception number of the UART on the serial line.
        mapped: the peripherals at their addresses.
        core: what executes.
        usart: the one on the serial line.
        on_trigger: each is told when the trigger pin goes high (True) or low.
    """

    accelerator: ClassVar[Accelerator]
    console_exception: int
    usart: Uart
    flash_interface: FlashController

    def __init__(
        self,
        board: BoardType,
        device_id: str,
        line: SerialLine,
        clock: BoardClock,
        on_access_control: Callable[[AccessControl], None],
        on_byte_read: Callable[[], None],
        request_reset: Callable[[], None],
    ) -> None:
        wake = clock.stop_now
        self.systick = SysTick(clock.now, wake)
        self.core = self._core(board)
        self.nvic = Nvic(wake, self.core.priority_mask)
        data_cache = self.accelerator.data if self.core.has_caches else None
        self.scb = SystemControlBlock(wake, request_reset, self.core.cpuid, self.core.priority_mask, data_cache)
        # The lock and caches of its own are the Cortex-M7's among the known cores.
        self.dwt = Dwt(clock.cycles, self.scb.is_trace_enabled, has_lock=self.core.has_caches)
        self.on_trigger: list[Callable[[bool], None]] = []
        self._build(board, line, clock, on_access_control, on_byte_read)
        self._factory = self._factory_blocks(struct.unpack(">3I", bytes.fromhex(device_id)))
        self.mapped = (*self._bus_peripherals(), *self._core_peripherals(), *self._factory)

    def reset(self) -> None:
        """Put every peripheral at its reset values."""
        for block in self.mapped:
            block.peripheral.reset()

    def asserted_exceptions(self) -> set[int]:
        """Exception numbers of interrupt lines that are held up at present."""
        return {self.console_exception} if self.usart.has_interrupt() else set()

    def read_factory_words(self, address: int, size_bytes: int) -> bytes | None:
        """Read unique id, flash size or bootloader version; None outside their blocks."""
        for block in self._factory:
            offset = address - block.base
            if 0 <= offset <= block.size_bytes - size_bytes:
                words = (block.peripheral.stored(at) for at in range(0, block.size_bytes, 4))
                return b"".join(word.to_bytes(4, "little") for word in words)[offset : offset + size_bytes]
        return None

    def _trigger_changed(self, high: bool) -> None:
        for tell in self.on_trigger:
            tell(high)

    def _core(self, board: BoardType) -> Core:
        """Give what executes, as the chip has it."""
        return core_of(board)

    @abstractmethod
    def _build(
        self,
        board: BoardType,
        line: SerialLine,
        clock: BoardClock,
        on_access_control: Callable[[AccessControl], None],
        on_byte_read: Callable[[], None],
    ) -> None:
        """Make `usart`, `console_exception`, `flash_interface` and what else the family has.

        Whenever the pin `board.trigger` begins or ceases to be driven high, `_trigger_changed` must be called.
        """

    @abstractmethod
    def _bus_peripherals(self) -> tuple[Mapped, ...]:
        """Give everything outside of the core at its address."""

    @abstractmethod
    def _factory_blocks(self, unique_id: tuple[int, ...]) -> tuple[Mapped, ...]:
        """Give what was burnt in at the factory; `unique_id` is its three words by address."""

    def _core_peripherals(self) -> tuple[Mapped, ...]:
        return (
            Mapped(0xE000_0000, 0x1000, Peripheral()),  # ITM
            Mapped(0xE000_1000, 0x1000, self.dwt),
            Mapped(0xE000_E000, 0x1000, SystemControlSpace(self.systick, self.nvic, self.scb)),
        )
