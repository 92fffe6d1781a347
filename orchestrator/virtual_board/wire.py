"""One direction of the serial line between the port and the board: what time passes, and what happens on the way."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from orchestrator.virtual_board.serial_line import LineFormat


@dataclass(frozen=True)
class Passed:
    """What becomes of one byte: the bytes that arrive in its place, and how much later than it should."""

    data: bytes
    delay_s: float = 0.0


class WireFault(Protocol):
    """Something that happens to bytes on their way."""

    def passed(self, byte: int) -> Passed:
        """Say what becomes of the next byte."""


class Wire:
    """Bytes in order, each delivered when it is due; without faults and throttle at once.

    Args:
        deliver: takes what arrives.
        byte_s: seconds that one byte takes at present; 0: none.

    Attributes:
        faults: asked for every byte, each about what the one before has let pass.
    """

    def __init__(
        self,
        deliver: Callable[[bytes], None],
        byte_s: Callable[[], float] = lambda: 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.faults: list[WireFault] = []
        self._deliver = deliver
        self._byte_s = byte_s
        self._clock = clock
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._free_at = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    def send(self, data: bytes) -> None:
        """Put bytes on the wire; what is due already arrives before this returns."""
        byte_s = self._byte_s()
        if not self.faults and not self._waiting and byte_s == 0.0:
            self._deliver(data)
            return
        for byte in data:
            self._put(self._through_faults(byte), byte_s)
        self.deliver_due()

    def deliver_due(self) -> None:
        """Deliver what has arrived by now."""
        now, arrived = self._clock(), bytearray()
        while self._waiting and self._waiting[0][0] <= now:
            arrived += self._waiting.popleft()[1]
        if arrived:
            self._deliver(bytes(arrived))

    def due_in_s(self) -> float | None:
        """Give in how many seconds the next byte arrives; None: nothing is under way."""
        return max(0.0, self._waiting[0][0] - self._clock()) if self._waiting else None

    def clear(self) -> None:
        """Lose what is under way."""
        self._waiting.clear()
        self._free_at = 0.0

    def _put(self, passed: Passed, byte_s: float) -> None:
        """A late byte holds up all behind it, as whatever buffer it is stuck in does."""
        self._free_at = max(self._free_at, self._clock()) + byte_s + passed.delay_s
        if passed.data:
            self._waiting.append((self._free_at, passed.data))

    def _through_faults(self, byte: int) -> Passed:
        data, delay_s = bytes([byte]), 0.0
        for fault in self.faults:
            each = [fault.passed(one) for one in data]
            data = b"".join(passed.data for passed in each)
            delay_s += sum(passed.delay_s for passed in each)
        return Passed(data, delay_s)


def byte_time_s(line_format: LineFormat) -> float:
    """Give the time of one frame: start bit, eight data bits, a parity bit where there is one, stop bit."""
    if line_format.baud is None:
        return 0.0
    return (11 if line_format.parity in ("E", "O") else 10) / line_format.baud
