"""The wire between host and board: bytes both ways, line settings and the auto-reset wiring of DTR and RTS."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

BAUD_TOLERANCE = 0.04
"""Largest relative difference of bit rates at which an 8-bit frame is still sampled right (RM0351 40.5.5)."""

TO_TARGET_LIMIT_BYTES = 16 * 2**20
TO_HOST_LIMIT_BYTES = 2**20


@dataclass(frozen=True)
class LineFormat:
    """Speed and framing of one end; None means that this end adapts to the other (autobaud, a pty without parity)."""

    baud: float | None
    parity: str | None


class SerialLine:
    """What one end sends waits here until the other end takes it.

    DTR going from deasserted to asserted pulses NRST through a capacitor; BOOT0 is high while RTS is deasserted.
    At power-on both lines count as asserted.

    Attributes:
        on_taken: told every byte that the board takes.
    """

    def __init__(self) -> None:
        self.host_format = LineFormat(115_200.0, "N")
        self.to_target: deque[int] = deque()
        self.to_host = bytearray()
        self.on_reset_pulse: Callable[[], None] = lambda: None
        self.on_taken: Callable[[int], None] = lambda byte: None
        self.rts = True
        self._dtr = True

    @property
    def dtr(self) -> bool:
        """Whether the host asserts DTR."""
        return self._dtr

    @dtr.setter
    def dtr(self, asserted: bool) -> None:
        rises = asserted and not self._dtr
        self._dtr = asserted
        if rises:
            self.to_target.clear()
            self.on_reset_pulse()

    @property
    def boot0(self) -> bool:
        """Level of the BOOT0 pin."""
        return not self.rts

    def send_to_target(self, data: bytes) -> None:
        """Queue bytes from the host; beyond the limit they are lost, as on a wire to a dead board."""
        room = TO_TARGET_LIMIT_BYTES - len(self.to_target)
        self.to_target.extend(data[:room])

    def take_from_host(self, target_format: LineFormat) -> tuple[int, bool]:
        """Give the next byte and whether its frame is right; only to be called while bytes are waiting."""
        byte = self.to_target.popleft()
        self.on_taken(byte)
        return (byte, True) if self._agrees(target_format) else (_garbled(byte), False)

    def send_to_host(self, data: bytes, target_format: LineFormat) -> None:
        """Send bytes from the board; a host with other line settings receives garbage."""
        intact = self._agrees(target_format)
        self.to_host += data if intact else bytes(map(_garbled, data))
        del self.to_host[:-TO_HOST_LIMIT_BYTES]

    def _agrees(self, target: LineFormat) -> bool:
        host = self.host_format
        if None not in (target.parity, host.parity) and target.parity != host.parity:
            return False
        if target.baud is None or host.baud is None:
            return True
        return abs(target.baud / host.baud - 1.0) <= BAUD_TOLERANCE


def _garbled(byte: int) -> int:
    return (byte * 37 + 0x81) & 0xFF
