"""What every UART on the serial line has in common: how bytes reach the firmware.

Transmission takes no time. Reception is paced: a byte becomes visible one byte time after the one before it, and only
when there is room for it, so that nothing is ever overrun; a polling reader gets it at once.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.peripheral import Peripheral
from orchestrator.virtual_board.serial_line import LineFormat, SerialLine

logger = logging.getLogger(__name__)

FRAME_BITS = 10
IDLE_POLLS = 64
"""Empty polls of the status register after which the reader counts as idle."""


class Uart(Peripheral, ABC):
    """One UART on the serial line; `on_byte_read` is told of every byte that the firmware takes.

    Attributes:
        idle_polls: status reads that found nothing to receive, since the last byte either way.
    """

    def __init__(
        self,
        reset_values: Mapping[int, int],
        line: SerialLine,
        pins_are_switched: Callable[[], bool],
        clock: BoardClock,
        on_byte_read: Callable[[], None],
    ) -> None:
        super().__init__(reset_values)
        self._line = line
        self._pins_are_switched = pins_are_switched
        self._clock = clock
        self._on_byte_read = on_byte_read
        self._next_byte_at = 0
        self.idle_polls = 0

    def reset(self) -> None:
        super().reset()
        self._next_byte_at = 0
        self.idle_polls = 0

    @abstractmethod
    def has_interrupt(self) -> bool:
        """Say whether the interrupt line is asserted."""

    def next_byte_at(self) -> int | None:
        """Give when the next waiting byte arrives, in core cycles; None when none waits or can be received."""
        if not self._line.to_target or self._holds_byte() or not self._can_receive():
            return None
        return self._next_byte_at

    def receive(self) -> None:
        """Take the next byte from the line if it is due."""
        due = self.next_byte_at()
        if due is not None and self._clock.now() >= due:
            self._receive_now()

    @abstractmethod
    def _holds_byte(self) -> bool:
        """Say whether a received byte waits to be read."""

    @abstractmethod
    def _can_receive(self) -> bool:
        """Say whether the receiver is on."""

    @abstractmethod
    def _interrupts_for_bytes(self) -> bool:
        """Say whether a received byte asserts the interrupt line."""

    @abstractmethod
    def _hold(self, byte: int, frame_is_right: bool) -> None:
        """Let a byte wait to be read."""

    @abstractmethod
    def _format(self) -> LineFormat:
        """Give speed and framing as configured."""

    @abstractmethod
    def _bit_cycles(self) -> int:
        """Give the core cycles that one bit takes."""

    def _receive_now(self) -> None:
        byte, frame_is_right = self._line.take_from_host(self._format())
        if self._pins_are_switched():
            self._hold(byte, frame_is_right)
        else:
            logger.warning("a byte was lost: the pin does not carry the receiver")
        self._next_byte_at = self._clock.now() + self._bit_cycles() * FRAME_BITS
        self.idle_polls = 0

    def _poll(self) -> None:
        """Answer a look for received bytes."""
        if self._holds_byte():
            return
        if self._line.to_target and not self._interrupts_for_bytes() and self._can_receive():
            self._receive_now()
            return
        self.idle_polls += 1
        if self.idle_polls >= IDLE_POLLS:
            self._clock.stop_now()

    def _send(self, byte: int, transmitter_is_on: bool) -> None:
        self.idle_polls = 0  # the polls were for room to send
        if transmitter_is_on and self._pins_are_switched():
            self._line.send_to_host(bytes([byte]), self._format())
