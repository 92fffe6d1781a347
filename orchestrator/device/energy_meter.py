"""What an energy meter must offer, and the energy of inferences in what it has recorded."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from orchestrator.domain.errors import MeterError
from orchestrator.domain.measurement import EnergyReading


@dataclass(frozen=True)
class CurrentTrace:
    """Samples at equal distances: what the board drew, and whether its trigger pin was high."""

    sample_s: float
    current_a: NDArray[np.float64]
    is_triggered: NDArray[np.bool_]


class EnergyMeter(Protocol):
    """A meter in the supply of one board; `name` is its port, `voltage_v` what current is multiplied with.

    Every method raises `MeterError` or, when the port goes away, `PortMissingError`.
    """

    name: str
    voltage_v: float

    def start(self) -> None:
        """Begin to record."""

    def wait_recorded(self, seconds: float) -> None:
        """Return when so many seconds have been recorded from now on."""

    def stop(self) -> CurrentTrace:
        """End recording and give all since `start`; none is missing."""


def energy_of_row(meter: EnergyMeter, trace: CurrentTrace, inferences: int, idle_s: float) -> EnergyReading:
    """Give the energy of one of a row of equal inferences that the trigger pin brackets.

    Args:
        idle_s: for how long after its start the recording shows the board waiting.

    Raises:
        MeterError: the trace does not hold exactly one bracket, whole.
    """
    changes = np.diff(trace.is_triggered.astype(np.int8))
    rises, falls = np.flatnonzero(changes > 0) + 1, np.flatnonzero(changes < 0) + 1
    if len(rises) != 1 or len(falls) != 1 or falls[0] < rises[0]:
        raise MeterError(
            f"{meter.name}: saw {len(rises)} rising and {len(falls)} falling edges around {inferences} inferences "
            "instead of one each; is the board's trigger pin wired to D0, with a common ground?"
        )
    first, end = int(rises[0]), int(falls[0])
    row_j = float(trace.current_a[first:end].sum()) * trace.sample_s * meter.voltage_v
    idle = trace.current_a[: min(first, round(idle_s / trace.sample_s))]
    return EnergyReading(
        inference_j=row_j / inferences,
        idle_w=float(idle.mean()) * meter.voltage_v,
        bracket_s=(end - first) * trace.sample_s,
        inferences=inferences,
        voltage_v=meter.voltage_v,
        meter=meter.name,
    )
