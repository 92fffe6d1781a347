"""Faults of the serial line: bytes that arrive changed, not at all, twice or late, and a board that falls mute."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from orchestrator.virtual_board.requested_faults.sites import Sites
from orchestrator.virtual_board.requested_faults.when import Trigger
from orchestrator.virtual_board.wire import Passed, WireFault


class Direction(Enum):
    """Which way bytes go."""

    TO_BOARD = "to-board"
    TO_HOST = "to-host"


@dataclass(frozen=True)
class OnTheLine:
    """A fault of its own for each of the directions."""

    directions: tuple[Direction, ...]
    make: Callable[[Direction], WireFault]

    def install(self, sites: Sites) -> None:
        """Put the faults onto the wires."""
        wires = {Direction.TO_BOARD: sites.to_board, Direction.TO_HOST: sites.to_host}
        for direction in self.directions:
            wires[direction].faults.append(self.make(direction))


class BitFlip:
    """One bit of a byte is wrong."""

    def __init__(self, trigger: Trigger, draw: random.Random) -> None:
        self._trigger = trigger
        self._draw = draw

    def passed(self, byte: int) -> Passed:
        """Let the byte pass, or with one bit changed."""
        return Passed(bytes([byte ^ 1 << self._draw.randrange(8) if self._trigger.hits() else byte]))


class Repeated:
    """A byte arrives `times` times: 0 is lost, 2 is duplicated."""

    def __init__(self, trigger: Trigger, times: int) -> None:
        self._trigger = trigger
        self._times = times

    def passed(self, byte: int) -> Passed:
        """Let the byte pass once, or as often as it is to arrive."""
        return Passed(bytes([byte]) * (self._times if self._trigger.hits() else 1))


class Late:
    """A byte, and all behind it, arrives later."""

    def __init__(self, trigger: Trigger, delay_s: float) -> None:
        self._trigger = trigger
        self._delay_s = delay_s

    def passed(self, byte: int) -> Passed:
        """Let the byte pass, now or later."""
        return Passed(bytes([byte]), self._delay_s if self._trigger.hits() else 0.0)


class Mute:
    """From the byte that is hit on, nothing comes any more."""

    def __init__(self, trigger: Trigger) -> None:
        self._trigger = trigger
        self._is_mute = False

    def passed(self, byte: int) -> Passed:
        """Let the byte pass as long as the board can speak."""
        self._is_mute = self._is_mute or self._trigger.hits()
        return Passed(b"" if self._is_mute else bytes([byte]))
