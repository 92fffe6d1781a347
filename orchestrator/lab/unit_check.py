"""The health check of a unit: flash the golden image, measure, compare with what is known."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestrator.domain.errors import InfrastructureError
from orchestrator.domain.measurement import DeviceRun, Measurement
from orchestrator.lab.golden import Golden, deviations
from orchestrator.lab.references import References
from orchestrator.lab.unit import Unit


@dataclass(frozen=True)
class UnitCheck:
    """What a check found.

    Attributes:
        reference: what a unit of the type measured before; None: this is the first.
        found: in what the unit differs from what it must be; empty: it is sound.
    """

    run: DeviceRun
    reference: Measurement | None
    found: tuple[str, ...]


@dataclass(frozen=True)
class CheckedUnit:
    """A unit after its check; `check` is None where it could not be measured, and `reason` says why it failed."""

    unit: str
    board: str
    check: UnitCheck | None
    reason: str

    @property
    def is_sound(self) -> bool:
        """Whether the unit is as it must be."""
        return not self.reason


def check_unit(unit: Unit, golden: Golden, references: References) -> UnitCheck:
    """Measure the golden image on a unit; where it is sound and the first of its type, it becomes the reference.

    Raises:
        InfrastructureError: the unit could not be measured, or the references not be used.
    """
    with tempfile.TemporaryDirectory() as folder:
        run = unit.measure(golden.request(), Path(folder) / "serial.log")
    return judge(run, golden, references)


def checked(name: str, board: str, check: Callable[[], UnitCheck]) -> CheckedUnit:
    """Run a check, a fault of the unit's being its result."""
    try:
        done = check()
    except InfrastructureError as error:
        return CheckedUnit(name, board, None, f"{error.cause}: {error}")
    return CheckedUnit(name, board, done, "; ".join(done.found))


def judge(run: DeviceRun, golden: Golden, references: References) -> UnitCheck:
    """Compare a run of the golden image with what it must be."""
    reference = references.find(golden.image, run.measurement.cycles_source)
    found = deviations(run, golden, reference)
    if not found and reference is None:
        references.keep(golden.image, run.measurement)
    return UnitCheck(run, reference, found)
