"""Where faults act: the interface between a fault on request and the board it happens to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from orchestrator.virtual_board.machine import Machine
from orchestrator.virtual_board.serial_line import SerialLine
from orchestrator.virtual_board.wire import Wire


@dataclass(frozen=True)
class Sites:
    """The board and what lies between it and the host.

    Attributes:
        vanish: takes the port away for so many seconds; it comes back under another URL.
    """

    machine: Machine
    line: SerialLine
    to_board: Wire
    to_host: Wire
    vanish: Callable[[float], None]


class RequestedFault(Protocol):
    """One fault of one run."""

    def install(self, sites: Sites) -> None:
        """Take a place at the hooks; called once, when the board is powered."""
