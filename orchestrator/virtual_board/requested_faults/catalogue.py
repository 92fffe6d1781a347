"""The kinds of faults, and how they are asked for: `KIND[=VALUE]`."""

import difflib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import InputError
from orchestrator.virtual_board.requested_faults.chip import DuringInference, FailedBoot, NoiseAtBoot, hang, reset
from orchestrator.virtual_board.requested_faults.flash import WeakWrite, WornPage
from orchestrator.virtual_board.requested_faults.line import BitFlip, Direction, Late, Mute, OnTheLine, Repeated
from orchestrator.virtual_board.requested_faults.port import VanishingPort
from orchestrator.virtual_board.requested_faults.sites import RequestedFault
from orchestrator.virtual_board.requested_faults.when import Trigger, When
from orchestrator.virtual_board.wire import WireFault


@dataclass(frozen=True)
class Run:
    """What a fault is made for: a board of this type, and the chances of this run."""

    board: BoardType
    text: str
    key: str

    def draw(self, purpose: str) -> random.Random:
        """Give a source of randomness; the same for the same seed, fault and purpose."""
        return random.Random(f"{self.key}/{purpose}")


@dataclass(frozen=True)
class Kind:
    """One row of the table: the form of its value, what is taken without one (None: it must be given), its maker."""

    form: str
    default: str | None
    make: Callable[[str, Run], RequestedFault]


def requested_faults(texts: Sequence[str], seed: int, board: BoardType) -> list[RequestedFault]:
    """Make the faults asked for on a board of a type; the same texts and seed give the same faults.

    Raises:
        InputError: an unknown kind or a value that makes no sense; the text says what is allowed.
    """
    return [_fault(text, Run(board, text, f"{seed}/{number}")) for number, text in enumerate(texts)]


def fault_forms() -> list[str]:
    """Give every kind with the form of its value."""
    return [f"{name}{kind.form}" for name, kind in KINDS.items()]


def _fault(text: str, run: Run) -> RequestedFault:
    name, equals, value = text.partition("=")
    if name not in KINDS:
        near = difflib.get_close_matches(name, KINDS, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"--fault {text}: no such fault{hint} (known: {', '.join(KINDS)})")
    kind = KINDS[name]
    chosen = value if equals else kind.default
    if chosen is None:
        raise InputError(f"--fault {text}: needs a value: {name}{kind.form}")
    try:
        return kind.make(chosen, run)
    except ValueError as error:
        raise InputError(f"--fault {text}: {error}; form: {name}{kind.form}") from error


def _on_the_line(make: Callable[[Trigger, random.Random], WireFault], value: str, run: Run) -> RequestedFault:
    text, at, direction = value.partition("@")
    when = When.parse(text)
    allowed = [each.value for each in Direction]
    if at and direction not in allowed:
        raise ValueError(f"the direction must be {' or '.join(allowed)}, but got {direction!r}")
    directions = (Direction(direction),) if at else tuple(Direction)
    return OnTheLine(
        directions,
        lambda way: make(Trigger(when, run.draw(way.value), f"{run.text} {way.value}"), run.draw(f"{way.value} bits")),
    )


def _late(value: str, run: Run) -> RequestedFault:
    timed, at, direction = value.partition("@")
    when, seconds = _when_and_seconds(timed, 0.5)
    return _on_the_line(lambda trigger, _: Late(trigger, seconds), f"{when}{at}{direction}", run)


def _mute(value: str, run: Run) -> RequestedFault:
    trigger = _trigger(value, run)
    return OnTheLine((Direction.TO_HOST,), lambda _: Mute(trigger))


def _vanish(value: str, run: Run) -> RequestedFault:
    when, seconds = _when_and_seconds(value, 1.0)
    return VanishingPort(_trigger(when, run), seconds)


def _noise(value: str, run: Run) -> RequestedFault:
    return NoiseAtBoot(_number("BYTES", value, 1, _LONG_NOISE_BYTES), run.draw("bytes"))


def _worn_page(value: str, run: Run) -> RequestedFault:
    return WornPage(_number("PAGE", value, 0, len(run.board.sector_starts) - 2), run.draw("bits"))


def _during_inference(act: Callable[..., None], value: str, run: Run) -> RequestedFault:
    return DuringInference(_trigger(value, run), act)


def _trigger(when: str, run: Run) -> Trigger:
    return Trigger(When.parse(when), run.draw("when"), run.text)


def _when_and_seconds(value: str, default_s: float) -> tuple[str, float]:
    when, colon, text = value.partition(":")
    try:
        seconds = float(text) if colon else default_s
    except ValueError:
        seconds = -1.0
    if not 0.0 < seconds <= 3600.0:
        raise ValueError(f"SECONDS must be above 0 and at most 3600, but got {text!r}")
    return when, seconds


def _number(name: str, text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and least <= int(text) <= most):
        raise ValueError(f"{name} must be a whole number from {least} to {most}, but got {text!r}")
    return int(text)


_ON_THE_LINE = "[=WHEN[@to-board|@to-host]]"
_LONG_NOISE_BYTES = 10_000

KINDS = {
    "flip": Kind(_ON_THE_LINE, "100", partial(_on_the_line, BitFlip)),
    "lose": Kind(_ON_THE_LINE, "100", partial(_on_the_line, lambda trigger, _: Repeated(trigger, 0))),
    "duplicate": Kind(_ON_THE_LINE, "100", partial(_on_the_line, lambda trigger, _: Repeated(trigger, 2))),
    "late": Kind("[=WHEN[:SECONDS][@to-board|@to-host]]", "100", _late),
    "mute": Kind("[=WHEN]", "100", _mute),
    "vanish": Kind("[=WHEN[:SECONDS]]", "100", _vanish),
    "noise": Kind("[=BYTES]", "16", _noise),
    "boot": Kind("[=WHEN]", "1", lambda v, run: FailedBoot(_trigger(v, run))),
    "reset": Kind("[=WHEN]", "1", partial(_during_inference, reset)),
    "hang": Kind("[=WHEN]", "1", partial(_during_inference, hang)),
    "flash-write": Kind("[=WHEN]", "1", lambda v, run: WeakWrite(_trigger(v, run), run.draw("bits"))),
    "flash-worn": Kind("=PAGE", None, _worn_page),
}  # fmt: skip
