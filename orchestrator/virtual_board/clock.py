"""Time on the board, in core cycles."""

from collections.abc import Callable


class BoardClock:
    """Core cycles, and the same with the time asleep added.

    Attributes:
        slept_cycles: time spent in WFI, when the core clock and with it CYCCNT stand still.
    """

    def __init__(self, cycles: Callable[[], int], stop_by: Callable[[int], None]) -> None:
        self.cycles = cycles
        self._stop_by = stop_by
        self.slept_cycles = 0

    def now(self) -> int:
        """Give core cycles since power-on, sleep included."""
        return self.cycles() + self.slept_cycles

    def stop_now(self) -> None:
        """Make the core stop before its next block: something has changed that it must see."""
        self._stop_by(0)

    def stop_by(self, time: int) -> None:
        """Make the core stop at `time` at the latest."""
        self._stop_by(time - self.slept_cycles)

    def sleep_until(self, time: int) -> None:
        """Let time pass without the core running; a time in the past changes nothing."""
        self.slept_cycles += max(0, time - self.now())
