"""Ctrl-C that cannot get lost."""

import signal
from types import FrameType
from typing import Any


class InterruptGuard:
    """Remembers SIGINT while it is active, besides raising KeyboardInterrupt as Python does.

    The exception alone is not enough: where it happens to be raised inside a finaliser or a callback of a library it
    is swallowed, and the sweep would go on. To be used in the main thread.
    """

    def __init__(self) -> None:
        self._interrupted = False
        self._previous: Any = None

    def __enter__(self) -> "InterruptGuard":
        self._previous = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._previous)

    def check(self) -> None:
        """Raise KeyboardInterrupt if SIGINT came, however long ago."""
        if self._interrupted:
            raise KeyboardInterrupt

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._interrupted = True
        raise KeyboardInterrupt
