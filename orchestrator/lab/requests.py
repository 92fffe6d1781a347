"""What passes between a candidate that wants to be measured, the board pool and a board."""

from dataclasses import dataclass

from orchestrator.domain.measurement import DeviceRun
from orchestrator.domain.model import FirmwareImage


@dataclass(frozen=True)
class MeasureRequest:
    """One image to be measured on any healthy unit of its board type.

    Attributes:
        request_id: equal ids mean equal work; it is done once, however often it is asked for.
        sweep: whose turn it is, for fairness between sweeps.
        samples: input tensors of real samples to run after the timed inference.
        most_boards: how many boards the sweep may hold at once; None: as many as there are.
        unit: the only unit that may do it, for a check by hand; None: any.
        keep_stale_weights: whether pages that hold nothing but weights may stay as they are, which spares the flash; a
            run that made use of it has no outputs.
        wants_log: whether the raw serial traffic is to come back with the measurement.
    """

    request_id: str
    sweep: str
    image: FirmwareImage
    samples: tuple[tuple[bytes, ...], ...]
    repeats: int
    most_boards: int | None = None
    unit: str | None = None
    keep_stale_weights: bool = False
    wants_log: bool = False


@dataclass(frozen=True)
class Measured:
    """A device run with the unit that made it, the seconds spent waiting and working, and the raw serial traffic.

    Attributes:
        mended: causes of the faults that the unit met and got over by starting afresh.
    """

    run: DeviceRun
    unit: str
    wait_s: float
    work_s: float
    serial_log: bytes
    mended: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failure:
    """A measurement that could not be made: a cause of `domain.errors` and what was said."""

    cause: str
    text: str


Reply = Measured | Failure


@dataclass(frozen=True)
class Lease:
    """A request handed to one unit until the lease is ended, or runs out with its holder.

    Attributes:
        lasts_s: for so long after each renewal.
    """

    lease_id: str
    request: MeasureRequest
    waited_s: float
    lasts_s: float
