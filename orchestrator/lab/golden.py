"""The health check: a known image whose outputs, memory and cycles are known."""

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.domain.measurement import DeviceRun, Measurement
from orchestrator.domain.model import FirmwareImage
from orchestrator.lab.requests import MeasureRequest

REPEATS = 2
CYCLES_TOLERANCE = 0.01
"""Two units of one type run one image in the same cycles, but for wait states that depend on what ran before."""


@dataclass(frozen=True)
class Golden:
    """An image linked for a board type, samples for it, and what the host build of the same C makes of them."""

    image: FirmwareImage
    samples: tuple[tuple[bytes, ...], ...]
    outputs: tuple[tuple[bytes, ...], ...]

    def request(self, sweep: str = "health check", unit: str | None = None) -> MeasureRequest:
        """Ask for the measurement that a check looks at, of one unit or any."""
        return MeasureRequest(f"{sweep}/{unit or 'any'}", sweep, self.image, self.samples, REPEATS, unit=unit)


def deviations(run: DeviceRun, golden: Golden, reference: Measurement | None) -> tuple[str, ...]:
    """Say in what a unit's run differs from what it must be; empty: the unit is sound.

    Args:
        reference: what a unit of the type measured before with this image; None where none did yet.
    """
    return tuple(_deviations(run, golden, reference))


def _deviations(run: DeviceRun, golden: Golden, reference: Measurement | None) -> Iterator[str]:
    wrong = sum(got != wanted for got, wanted in zip(run.outputs, golden.outputs, strict=True))
    if wrong:
        yield f"{wrong} of {len(golden.outputs)} outputs are wrong"
    if reference is None:
        return
    measured = run.measurement
    if measured.stack_bytes != reference.stack_bytes:
        yield f"the stack took {measured.stack_bytes} bytes, {reference.stack_bytes} before"
    if abs(measured.cycles - reference.cycles) > CYCLES_TOLERANCE * reference.cycles:
        yield f"an inference took {measured.cycles} cycles, {reference.cycles} before"
