"""Faults of the chip: it does not boot, makes noise when it does, or stops or resets in the middle of its work."""

import logging
import random
import re
from collections.abc import Callable

from orchestrator.virtual_board.machine import Machine
from orchestrator.virtual_board.requested_faults.sites import Sites
from orchestrator.virtual_board.requested_faults.when import Trigger

logger = logging.getLogger(__name__)

INFERENCE_COMMAND = re.compile(rb"(?:^|[%\s])(?:run|step|bench|infer|layers)[ 0-9]*%$")
"""Commands of the firmware that run the network (docs/protocol.md)."""

LONGEST_COMMAND_BYTES = 40
INTO_INFERENCE_S = 50e-6
"""From the end of a command until the network runs for certain: the stack is painted before."""


class NoiseAtBoot:
    """Every reset makes the line carry `count` random bytes, both ways."""

    def __init__(self, count: int, draw: random.Random) -> None:
        self._count = count
        self._draw = draw

    def install(self, sites: Sites) -> None:
        """Act at every reset."""

        def make_noise() -> None:
            logger.info("fault on request: noise=%d", self._count)
            sites.to_board.send(self._draw.randbytes(self._count))
            sites.to_host.send(self._draw.randbytes(self._count))

        sites.machine.on_reset.append(make_noise)


class FailedBoot:
    """A reset after which nothing runs until the next one."""

    def __init__(self, trigger: Trigger) -> None:
        self._trigger = trigger

    def install(self, sites: Sites) -> None:
        """Act at every reset from now on: power-on went well."""

        def fail() -> None:
            if self._trigger.hits():
                sites.machine.lock_up("no boot, as requested")

        sites.machine.on_reset.append(fail)


class DuringInference:
    """Something that happens to the machine while it runs the network; counted are the commands that make it run."""

    def __init__(self, trigger: Trigger, act: Callable[[Machine], None]) -> None:
        self._trigger = trigger
        self._act = act
        self._tail = b""

    def install(self, sites: Sites) -> None:
        """Listen to what the board receives."""
        machine = sites.machine

        def taken(byte: int) -> None:
            self._tail = (self._tail + bytes([byte]))[-LONGEST_COMMAND_BYTES:]
            if INFERENCE_COMMAND.search(self._tail) and self._trigger.hits():
                machine.call_in_s(INTO_INFERENCE_S, lambda: self._act(machine))

        sites.line.on_taken = _both(sites.line.on_taken, taken)


def reset(machine: Machine) -> None:
    """Reset as a brown-out does."""
    machine.reset()


def hang(machine: Machine) -> None:
    """Stop answering until the next reset."""
    machine.lock_up("hang, as requested")


def _both(first: Callable[[int], None], second: Callable[[int], None]) -> Callable[[int], None]:
    def call(byte: int) -> None:
        first(byte)
        second(byte)

    return call
