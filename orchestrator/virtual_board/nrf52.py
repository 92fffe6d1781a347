"""The nRF52840 around the core: which peripheral sits where (product specification, memory map) and how it is wired."""

from collections.abc import Callable
from dataclasses import replace

from orchestrator.domain.board_type import BoardType, MemoryKind
from orchestrator.domain.errors import InputError
from orchestrator.domain.pin import Pin
from orchestrator.virtual_board.bus import BLOCK_BYTES, Mapped
from orchestrator.virtual_board.chip import Chip
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.core import Core
from orchestrator.virtual_board.peripherals.clock_nrf import ClockOfNrf
from orchestrator.virtual_board.peripherals.constant import Constant
from orchestrator.virtual_board.peripherals.flash_interface import AccessControl
from orchestrator.virtual_board.peripherals.gpio_nrf import GpioOfNrf
from orchestrator.virtual_board.peripherals.nvic import FIRST_IRQ
from orchestrator.virtual_board.peripherals.nvmc import Nvmc
from orchestrator.virtual_board.peripherals.uart_nrf import PSEL_RXD, PSEL_TXD, UartOfNrf
from orchestrator.virtual_board.serial_line import SerialLine
from orchestrator.virtual_board.timing.flash_timing import CACHE_OF_NRF52

CONSOLE_UART, UART0_EXCEPTION = "UART0", FIRST_IRQ + 2
"""Interrupts have the number of their peripheral, 0x40002000 being the second."""

PRIORITY_MASK = 0xE0
"""Three bits, where an STM32 has four."""

PERIPHERAL_BYTES = 0x1000
FICR_BASE, CODE_PAGE_SIZE, CODE_SIZE, DEVICE_ID, INFO_PART = 0x1000_0000, 0x010, 0x014, 0x060, 0x100


class Nrf52(Chip):
    """The nRF52840."""

    accelerator = CACHE_OF_NRF52
    console_exception = UART0_EXCEPTION
    usart: UartOfNrf
    flash_interface: Nvmc

    def _core(self, board: BoardType) -> Core:
        return replace(super()._core(board), priority_mask=PRIORITY_MASK)

    def _build(
        self,
        board: BoardType,
        line: SerialLine,
        clock: BoardClock,
        on_access_control: Callable[[AccessControl], None],
        on_byte_read: Callable[[], None],
    ) -> None:
        if board.console.uart != CONSOLE_UART:
            raise InputError(
                f"board type {board.name!r}: port {board.port!r} has no console on {board.console.uart!r}; "
                f"known: {CONSOLE_UART}"
            )
        self._board = board
        self.rcc = ClockOfNrf()
        self.gpio = GpioOfNrf()
        self.gpio.watch(Pin.named(board.trigger), self._trigger_changed)
        self.usart = UartOfNrf(line, self._uart_reaches_the_line, clock, on_byte_read)
        self.flash_interface = Nvmc(board.flash.wait_states, on_access_control, clock, self.rcc.hclk_hz)

    def _uart_reaches_the_line(self) -> bool:
        tx, rx = self._board.console.tx, self._board.console.rx
        selected = (self.usart.stored(PSEL_TXD), self.usart.stored(PSEL_RXD))
        return selected == (selector_of(tx), selector_of(rx)) and self.gpio.is_output(tx) and self.gpio.is_input(rx)

    def _bus_peripherals(self) -> tuple[Mapped, ...]:
        return (
            Mapped(0x4000_0000, PERIPHERAL_BYTES, self.rcc),
            Mapped(0x4000_2000, PERIPHERAL_BYTES, self.usart),
            Mapped(0x4001_E000, PERIPHERAL_BYTES, self.flash_interface),
            Mapped(0x5000_0000, PERIPHERAL_BYTES, self.gpio),
        )

    def _factory_blocks(self, unique_id: tuple[int, ...]) -> tuple[Mapped, ...]:
        flash_bytes, page_bytes = self._board.memory(MemoryKind.FLASH).size_bytes, self._board.flash.page_bytes
        words = {CODE_PAGE_SIZE: page_bytes, CODE_SIZE: flash_bytes // page_bytes}
        words |= {DEVICE_ID: unique_id[0], DEVICE_ID + 4: unique_id[1], INFO_PART: 0x0005_2840}
        return (Mapped(FICR_BASE, BLOCK_BYTES, Constant(words)),)


def selector_of(pin: Pin) -> int:
    """Give what a PSEL register holds for a pin."""
    return pin.port << 5 | pin.number
