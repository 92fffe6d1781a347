"""USART (RM0351 chapter 40) at register level: polled or interrupt-driven, no DMA."""

from collections.abc import Callable

from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.uart import Uart
from orchestrator.virtual_board.serial_line import LineFormat, SerialLine

CR1, BRR, RQR, ISR, ICR, RDR, TDR = 0x00, 0x0C, 0x18, 0x1C, 0x20, 0x24, 0x28
UE, RE, TE, RXNEIE, TCIE, TXEIE = 1 << 0, 1 << 2, 1 << 3, 1 << 5, 1 << 6, 1 << 7
PS, PCE, OVER8 = 1 << 9, 1 << 10, 1 << 15
FE, RXNE, TC, TXE, TEACK, REACK = 1 << 1, 1 << 5, 1 << 6, 1 << 7, 1 << 21, 1 << 22
ISR_RESET = 0x0200_00C0
CLEARABLE = 0x5F
"""ISR flags that ICR clears at the same bit: PE, FE, NF, ORE, IDLE, TC."""


class Usart(Uart):
    """One USART on the serial line; an older one has the same bits in other places."""

    control, divider, status, received = CR1, BRR, ISR, RDR
    status_reset = ISR_RESET
    enable = UE

    def __init__(
        self,
        line: SerialLine,
        kernel_clock_hz: Callable[[], float],
        core_clock_hz: Callable[[], float],
        pins_are_switched: Callable[[], bool],
        clock: BoardClock,
        on_byte_read: Callable[[], None],
    ) -> None:
        super().__init__({self.status: self.status_reset}, line, pins_are_switched, clock, on_byte_read)
        self._kernel_clock_hz = kernel_clock_hz
        self._core_clock_hz = core_clock_hz

    def read(self, offset: int) -> int:
        if offset == self.status:
            self._poll()
        elif offset == self.received:
            self._take()
        return self.stored(offset)

    def write(self, offset: int, value: int) -> None:
        if offset == TDR:
            self._transmit(value & 0xFF)
        elif offset == ICR:
            self._change_flags(clear=value & CLEARABLE)
        elif offset == RQR:
            self._change_flags(clear=RXNE if value & 8 else 0)
        elif offset != ISR:
            super().write(offset, value)
            if offset == CR1:
                self._follow_enables()
        self._clock.stop_now()

    def has_interrupt(self) -> bool:
        """Say whether the interrupt line is asserted."""
        enables, flags = self.stored(self.control), self.stored(self.status)
        wanted = (RXNE if enables & RXNEIE else 0) | (TC if enables & TCIE else 0) | (TXE if enables & TXEIE else 0)
        return bool(enables & self.enable and flags & wanted)

    def _holds_byte(self) -> bool:
        return bool(self.stored(self.status) & RXNE)

    def _can_receive(self) -> bool:
        return self.stored(self.control) & (self.enable | RE) == self.enable | RE

    def _interrupts_for_bytes(self) -> bool:
        return bool(self.stored(self.control) & RXNEIE)

    def _hold(self, byte: int, frame_is_right: bool) -> None:
        self._stored[self.received] = byte
        self._change_flags(put=RXNE if frame_is_right else RXNE | FE)

    def _take(self) -> None:
        self._change_flags(clear=RXNE)
        self._on_byte_read()
        if self._line.to_target and self.stored(self.control) & RXNEIE:
            self._clock.stop_by(self._next_byte_at)

    def _transmit(self, byte: int) -> None:
        self._send(byte, self.stored(self.control) & (self.enable | TE) == self.enable | TE)
        self._change_flags(put=TC)

    def _follow_enables(self) -> None:
        enables = self.stored(self.control)
        running = bool(enables & UE)
        acknowledged = (TEACK if running and enables & TE else 0) | (REACK if running and enables & RE else 0)
        self._change_flags(clear=TEACK | REACK, put=acknowledged)

    def _change_flags(self, clear: int = 0, put: int = 0) -> None:
        self._stored[self.status] = self.stored(self.status) & ~clear | put

    def _format(self) -> LineFormat:
        enables = self.stored(self.control)
        parity = ("O" if enables & PS else "E") if enables & PCE else "N"
        return LineFormat(self._kernel_clock_hz() / max(self._bit_clocks(), 1), parity)

    def _bit_clocks(self) -> float:
        """Give the kernel clocks that one bit takes."""
        divider = self.stored(self.divider)
        if self.stored(self.control) & OVER8:  # RM0351 40.5.4: twice the clock over BRR with its low bits shifted
            divider = (divider & 0xFFF0 | (divider & 7) << 1) // 2
        return divider

    def _bit_cycles(self) -> int:
        return round(self._bit_clocks() * self._core_clock_hz() / self._kernel_clock_hz())


class LowPowerUart(Usart):
    """LPUART (RM0351 chapter 41): the registers of a USART, but one bit takes BRR / 256 clocks."""

    def _bit_clocks(self) -> float:
        return self.stored(self.divider) / 256
