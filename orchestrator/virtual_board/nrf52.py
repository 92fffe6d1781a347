"""The nRF52840 around the core: which peripheral sits where (product specification, memory map) and how it is wired."""

from collections.abc import Callable

from orchestrator.domain.board_type import BoardType, MemoryKind
from orchestrator.virtual_board.bus import BLOCK_BYTES, Mapped
from orchestrator.virtual_board.chip import Chip
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.clock_nrf import ClockOfNrf
from orchestrator.virtual_board.peripherals.constant import Constant
from orchestrator.virtual_board.peripherals.flash_interface import AccessControl
from orchestrator.virtual_board.peripherals.gpio_nrf import GpioOfNrf
from orchestrator.virtual_board.peripherals.nvic import FIRST_IRQ
from orchestrator.virtual_board.peripherals.nvmc import Nvmc
from orchestrator.virtual_board.peripherals.uart_nrf import PSEL_RXD, PSEL_TXD, UartOfNrf
from orchestrator.virtual_board.serial_line import SerialLine
from orchestrator.virtual_board.timing.flash_timing import CACHE_OF_NRF52

UART0_EXCEPTION = FIRST_IRQ + 2
"""Interrupts have the number of their peripheral, 0x40002000 being the second."""

TXD_PIN, RXD_PIN = 6, 8
"""P0.06 and P0.08 reach the interface MCU's serial line (user guide of the nRF52840 DK)."""

PERIPHERAL_BYTES = 0x1000
FICR_BASE, CODE_PAGE_SIZE, CODE_SIZE, DEVICE_ID = 0x1000_0000, 0x010, 0x014, 0x060
FLASH_WAIT_STATES = 2


class Nrf52(Chip):
    """The nRF52840."""

    accelerator = CACHE_OF_NRF52
    console_exception = UART0_EXCEPTION
    rcc: ClockOfNrf
    usart: UartOfNrf

    def _build(
        self,
        line: SerialLine,
        clock: BoardClock,
        on_access_control: Callable[[AccessControl], None],
        on_byte_read: Callable[[], None],
    ) -> None:
        self.rcc = ClockOfNrf()
        self.gpio = GpioOfNrf()
        self.usart = UartOfNrf(line, self._uart_reaches_the_line, clock, on_byte_read)
        self.flash_interface = Nvmc(FLASH_WAIT_STATES, on_access_control, clock, self.rcc.hclk_hz)

    def _max_hclk_hz(self) -> float:
        return self.rcc.hclk_hz()

    def _uart_reaches_the_line(self) -> bool:
        pins = (self.usart.stored(PSEL_TXD), self.usart.stored(PSEL_RXD))
        return pins == (TXD_PIN, RXD_PIN) and self.gpio.is_output(0, TXD_PIN) and self.gpio.is_input(0, RXD_PIN)

    def _bus_peripherals(self) -> tuple[Mapped, ...]:
        return (
            Mapped(0x4000_0000, PERIPHERAL_BYTES, self.rcc),
            Mapped(0x4000_2000, PERIPHERAL_BYTES, self.usart),
            Mapped(0x4001_E000, PERIPHERAL_BYTES, self.flash_interface),
            Mapped(0x5000_0000, PERIPHERAL_BYTES, self.gpio),
        )

    def _factory_words(self, board: BoardType, unique_id: tuple[int, ...]) -> tuple[Mapped, ...]:
        flash_bytes, page_bytes = board.memory(MemoryKind.FLASH).size_bytes, board.flash.page_bytes
        words = {CODE_PAGE_SIZE: page_bytes, CODE_SIZE: flash_bytes // page_bytes}
        words |= {DEVICE_ID: unique_id[0], DEVICE_ID + 4: unique_id[1]}
        return (Mapped(FICR_BASE, BLOCK_BYTES, Constant(words)),)
