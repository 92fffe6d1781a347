"""UART of nRF52 (nRF52840 product specification, chapter "UART"): tasks, events, bytes through RXD and TXD, no DMA."""

from collections.abc import Callable

from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals.uart import Uart
from orchestrator.virtual_board.serial_line import LineFormat, SerialLine

STARTRX, STOPRX, STARTTX, STOPTX = 0x000, 0x004, 0x008, 0x00C
RXDRDY, TXDRDY, ERROR, ERRORSRC = 0x108, 0x11C, 0x124, 0x480
INTENSET, INTENCLR = 0x304, 0x308
ENABLE, PSEL_TXD, PSEL_RXD, RXD, TXD, BAUDRATE, CONFIG = 0x500, 0x50C, 0x514, 0x518, 0x51C, 0x524, 0x56C

ENABLED = 4
INTEN_OF_EVENT = {RXDRDY: 1 << 2, TXDRDY: 1 << 7, ERROR: 1 << 9}
FRAMING = 1 << 2
PARITY_INCLUDED = 7 << 1
DISCONNECTED = 0xFFFF_FFFF
_RESET = {PSEL_TXD: DISCONNECTED, PSEL_RXD: DISCONNECTED, 0x508: DISCONNECTED, 0x510: DISCONNECTED, BAUDRATE: 1 << 26}

CLOCK_HZ = 16e6
CORE_CYCLES_PER_CLOCK = 4


class UartOfNrf(Uart):
    """What arrives while RXD holds a byte waits behind it, as in the FIFO, and moves up with an event of its own."""

    def __init__(
        self,
        line: SerialLine,
        pins_are_switched: Callable[[], bool],
        clock: BoardClock,
        on_byte_read: Callable[[], None],
    ) -> None:
        super().__init__(_RESET, line, pins_are_switched, clock, on_byte_read)
        self._started = {STARTRX: False, STARTTX: False}
        self._is_full = False

    def reset(self) -> None:
        super().reset()
        self._started = {STARTRX: False, STARTTX: False}
        self._is_full = False

    def read(self, offset: int) -> int:
        if offset == RXDRDY:
            self._poll()
        elif offset == RXD:
            return self._take()
        elif offset == INTENCLR:
            return self.stored(INTENSET)
        return self.stored(offset)

    def write(self, offset: int, value: int) -> None:
        if offset == TXD:
            self._send(value & 0xFF, self._is_on(STARTTX))
            self._stored[TXDRDY] = 1
        elif offset in (STARTRX, STARTTX):
            self._started[offset] = True
        elif offset in (STOPRX, STOPTX):
            self._started[offset - 4] = False
        elif offset == INTENCLR:
            self._stored[INTENSET] = self.stored(INTENSET) & ~value
        elif offset == INTENSET:
            self._stored[INTENSET] = self.stored(INTENSET) | value
        elif offset == ERRORSRC:
            self._stored[ERRORSRC] = self.stored(ERRORSRC) & ~value
        elif offset != RXD:
            super().write(offset, value)
        self._clock.stop_now()

    def has_interrupt(self) -> bool:
        enabled = self.stored(INTENSET)
        return any(self.stored(event) and enabled & bit for event, bit in INTEN_OF_EVENT.items())

    def _holds_byte(self) -> bool:
        return self._is_full

    def _can_receive(self) -> bool:
        return self._is_on(STARTRX)

    def _interrupts_for_bytes(self) -> bool:
        return bool(self.stored(INTENSET) & INTEN_OF_EVENT[RXDRDY])

    def _hold(self, byte: int, frame_is_right: bool) -> None:
        self._stored[RXD] = byte
        self._stored[RXDRDY] = 1
        self._is_full = True
        if not frame_is_right:
            self._stored[ERROR] = 1
            self._stored[ERRORSRC] = self.stored(ERRORSRC) | FRAMING

    def _take(self) -> int:
        byte = self.stored(RXD)
        if not self._is_full:
            return byte
        self._is_full = False
        self._on_byte_read()
        self.receive()
        if self._line.to_target and self._interrupts_for_bytes():
            self._clock.stop_by(self._next_byte_at)
        return byte

    def _is_on(self, task: int) -> bool:
        return self.stored(ENABLE) == ENABLED and self._started[task]

    def _divider(self) -> int:
        """Give the clocks of one bit: it yields each of the actual rates that Nordic's header lists by BAUDRATE."""
        return 2**32 // max(self.stored(BAUDRATE), 1)

    def _format(self) -> LineFormat:
        parity = "E" if self.stored(CONFIG) & PARITY_INCLUDED == PARITY_INCLUDED else "N"
        return LineFormat(CLOCK_HZ / self._divider(), parity)

    def _bit_cycles(self) -> int:
        return self._divider() * CORE_CYCLES_PER_CLOCK
