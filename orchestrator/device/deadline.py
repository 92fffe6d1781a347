"""A point in time until which something has to have happened."""

import time
from collections.abc import Callable


class Deadline:
    """Ends `duration_s` seconds after its creation, by a clock that no one sets back."""

    def __init__(self, duration_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.duration_s = duration_s
        self._clock = clock
        self._end = clock() + duration_s

    @property
    def remaining(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self._end - self._clock())

    @property
    def expired(self) -> bool:
        """Whether no time is left."""
        return self.remaining == 0.0
