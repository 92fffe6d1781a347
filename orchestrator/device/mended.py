"""Faults that a fresh start has mended: they cost time and are worth counting, but fail nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from orchestrator.domain.errors import DeviceError

_met: ContextVar[list[str] | None] = ContextVar("mended faults", default=None)


@contextmanager
def mended_faults() -> Iterator[list[str]]:
    """Collect the causes of the faults that measurements in this thread get over within the block."""
    causes: list[str] = []
    token = _met.set(causes)
    try:
        yield causes
    finally:
        _met.reset(token)


def note_mended(error: DeviceError) -> None:
    """Tell of a fault that will be met by starting afresh."""
    causes = _met.get()
    if causes is not None:
        causes.append(error.cause)
