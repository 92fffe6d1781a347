"""Ctrl-C that cannot get lost."""

import signal
from types import FrameType
from typing import Any

ENDING = (signal.SIGINT, signal.SIGTERM)


class InterruptGuard:
    """Remembers SIGINT and SIGTERM while it is active, besides raising KeyboardInterrupt as Python does on the first.

    SIGTERM is how batch systems and `ray job stop` end a job.

    The exception alone is not enough: where it happens to be raised inside a finaliser or a callback of a library it
    is swallowed, and the sweep would go on. To be used in the main thread.
    """

    def __init__(self) -> None:
        self._interrupted = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "InterruptGuard":
        self._previous = {number: signal.signal(number, self._on_signal) for number in ENDING}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def check(self) -> None:
        """Raise KeyboardInterrupt if SIGINT came, however long ago."""
        if self._interrupted:
            raise KeyboardInterrupt

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._interrupted = True
        raise KeyboardInterrupt
