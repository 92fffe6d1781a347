"""What all STM32 have around the core: a family says in tables where it sits, and adds what it alone has."""

import logging
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from orchestrator.domain.board_type import BoardType, MemoryKind
from orchestrator.domain.errors import InputError
from orchestrator.domain.pin import Pin
from orchestrator.virtual_board.bus import BLOCK_BYTES, Mapped
from orchestrator.virtual_board.chip import Chip
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.constant import Constant
from orchestrator.virtual_board.peripherals.flash_interface import AccessControl, FlashController
from orchestrator.virtual_board.peripherals.gpio import Gpio
from orchestrator.virtual_board.peripherals.nvic import FIRST_IRQ
from orchestrator.virtual_board.peripherals.peripheral import ClockGated, Peripheral
from orchestrator.virtual_board.peripherals.rcc import Rcc
from orchestrator.virtual_board.peripherals.usart import Usart
from orchestrator.virtual_board.serial_line import SerialLine

logger = logging.getLogger(__name__)

ClockEnable = tuple[int, int]
"""Offset of a register of the RCC, and the bit there."""


@dataclass(frozen=True)
class UartPlace:
    """A UART that the console may use.

    Attributes:
        irq: external interrupt.
        function: the alternate function that brings it to its pins.
        selector: what `Rcc.uart_hz` wants.
    """

    kind: type[Usart]
    base: int
    enable: ClockEnable
    irq: int
    function: int
    selector: int


class Stm32(Chip):
    """An STM32.

    Attributes:
        uarts: by name.
        gpio_base: of port A; the others follow it block by block.
        gpio_enables: the RCC's register with the ports' clock enables, port A's being bit 0.
        gpio_modes: reset values of MODER by port, where they are not that of the others.
        gpio_mode: reset value of MODER of the others.
        unique_id, flash_size: addresses of the factory's words; the size in KiB is a halfword.
    """

    uarts: ClassVar[Mapping[str, UartPlace]]
    rcc_type: ClassVar[type[Rcc]]
    flash_type: ClassVar[type[FlashController]]
    rcc_base: ClassVar[int]
    flash_base: ClassVar[int]
    gpio_base: ClassVar[int]
    gpio_enables: ClassVar[int]
    gpio_ports: ClassVar[int]
    gpio_mode: ClassVar[int]
    gpio_modes: ClassVar[Mapping[int, int]]
    unique_id: ClassVar[int]
    flash_size: ClassVar[int]

    rcc: Rcc
    gpios: list[Gpio]

    def _build(
        self,
        board: BoardType,
        line: SerialLine,
        clock: BoardClock,
        on_access_control: Callable[[AccessControl], None],
        on_byte_read: Callable[[], None],
    ) -> None:
        self._board = board
        self._uart = self._uart_of(board)
        self.console_exception = FIRST_IRQ + self._uart.irq
        self.rcc = self.rcc_type(self._check_core_clock)
        self.gpios = [Gpio(self.gpio_modes.get(port, self.gpio_mode)) for port in range(self.gpio_ports)]
        self.usart = self._uart.kind(
            line,
            lambda: self.rcc.uart_hz(self._uart.selector),
            self.rcc.hclk_hz,
            self._console_is_switched,
            clock,
            on_byte_read,
        )
        self.flash_interface = self.flash_type(on_access_control, clock, self.rcc.hclk_hz)
        trigger = Pin.named(board.trigger)
        self.gpios[trigger.port].watch(trigger.number, self._trigger_changed)

    @abstractmethod
    def _max_hclk_hz(self) -> float:
        """Give the fastest clock for the voltage and the wait states as configured."""

    @abstractmethod
    def _further_peripherals(self) -> tuple[Mapped, ...]:
        """Give what the family has besides RCC, flash interface, console and GPIO."""

    def _uart_of(self, board: BoardType) -> UartPlace:
        if board.console.uart not in self.uarts:
            raise InputError(
                f"board type {board.name!r}: port {board.port!r} has no console on {board.console.uart!r}; "
                f"known: {', '.join(self.uarts)}"
            )
        return self.uarts[board.console.uart]

    def _is_connected(self, pin: Pin) -> bool:
        """Say whether a pin has power."""
        return True

    def _console_is_switched(self) -> bool:
        console = self._board.console
        return all(
            self.gpios[pin.port].has_alternate_function(pin.number, self._uart.function) and self._is_connected(pin)
            for pin in (console.tx, console.rx)
        )

    def _check_core_clock(self) -> None:
        if self.rcc.hclk_hz() > self._max_hclk_hz():
            logger.error(
                "the core runs at %.0f MHz, but its voltage and the flash's wait states are good for %.0f",
                self.rcc.hclk_hz() / 1e6,
                self._max_hclk_hz() / 1e6,
            )

    def _gated(self, base: int, peripheral: Peripheral, enable: ClockEnable) -> Mapped:
        return Mapped(base, BLOCK_BYTES, ClockGated(peripheral, lambda: self.rcc.is_enabled(*enable)))

    def _bus_peripherals(self) -> tuple[Mapped, ...]:
        ports = enumerate(self.gpios)
        return (
            Mapped(self.rcc_base, BLOCK_BYTES, self.rcc),
            Mapped(self.flash_base, BLOCK_BYTES, self.flash_interface),
            self._gated(self._uart.base, self.usart, self._uart.enable),
            *(self._gated(self.gpio_base + BLOCK_BYTES * port, io, (self.gpio_enables, port)) for port, io in ports),
            *self._further_peripherals(),
        )

    def _factory_words(self, unique_id: tuple[int, ...]) -> dict[int, int]:
        """Give words that were burnt in at the factory, by address."""
        words = {self.unique_id + 4 * index: word for index, word in enumerate(unique_id)}
        flash_kib = self._board.memory(MemoryKind.FLASH).size_bytes // 1024
        words[self.flash_size & ~3] = flash_kib << 16 | 0xFFFF if self.flash_size & 2 else 0xFFFF_0000 | flash_kib
        return words

    def _factory_blocks(self, unique_id: tuple[int, ...]) -> tuple[Mapped, ...]:
        blocks: dict[int, dict[int, int]] = {}
        for address, word in self._factory_words(unique_id).items():
            base = address & ~(BLOCK_BYTES - 1)
            blocks.setdefault(base, {})[address - base] = word
        return tuple(Mapped(base, BLOCK_BYTES, Constant(words)) for base, words in blocks.items())
