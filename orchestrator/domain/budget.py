"""Budgets: what the network may take of the board, and by how much a measurement keeps or breaks them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from orchestrator.domain.errors import MeterError
from orchestrator.domain.measurement import Measurement


class Quantity(Enum):
    """A measured number that can be limited; the value is its key in the experiment file."""

    RAM = "ram"
    FLASH = "flash"
    LATENCY = "latency"
    CYCLES = "cycles"
    ENERGY = "energy"

    def of(self, measurement: Measurement) -> float:
        """Read this quantity: bytes, seconds, cycles or joules.

        Raises:
            MeterError: energy, and it was not measured.
        """
        if self is Quantity.ENERGY:
            return _energy_j(measurement)
        return {
            Quantity.RAM: measurement.ram_bytes,
            Quantity.FLASH: measurement.flash_bytes,
            Quantity.LATENCY: measurement.latency_s,
            Quantity.CYCLES: measurement.cycles,
        }[self]

    def text(self, value: float) -> str:
        """Print a value of this quantity for people."""
        if self is Quantity.LATENCY:
            return f"{value * 1e3:.2f} ms"
        if self is Quantity.ENERGY:
            return f"{value * 1e3:.3f} mJ"
        if self is Quantity.CYCLES:
            return f"{value:,.0f} cycles"
        return f"{value / 1024:.1f} KiB"


def _energy_j(measurement: Measurement) -> float:
    if measurement.energy is None:
        raise MeterError(f"device {measurement.device}: energy has a budget, but was not measured; has it a meter?")
    return measurement.energy.inference_j


@dataclass(frozen=True)
class Budget:
    """An upper limit on one quantity, in bytes, seconds, cycles or joules."""

    quantity: Quantity
    limit: float


@dataclass(frozen=True)
class Margin:
    """A budget held against a measured value of the same unit, on a board of type `board`."""

    board: str
    quantity: Quantity
    limit: float
    value: float

    @property
    def violation(self) -> float:
        """How far beyond the limit, relative to it: 0.5 is 50 % too much; negative values are room left."""
        return self.value / self.limit - 1.0

    @property
    def fits(self) -> bool:
        return self.value <= self.limit

    def __str__(self) -> str:
        return (
            f"{self.quantity.value} {self.quantity.text(self.value)} of {self.quantity.text(self.limit)}"
            f" ({self.violation:+.0%})"
        )


def margins_of(budgets: Iterable[Budget], measurement: Measurement) -> tuple[Margin, ...]:
    """Hold every budget against the measurement, in the order of the budgets."""
    return tuple(Margin(measurement.board, b.quantity, b.limit, b.quantity.of(measurement)) for b in budgets)
