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


class Bound(Enum):
    """On which side of its limit a value must lie; the value is its key in the experiment file."""

    AT_MOST = "at_most"
    AT_LEAST = "at_least"


@dataclass(frozen=True)
class Budget:
    """A limit on one quantity, in bytes, seconds, cycles or joules."""

    quantity: Quantity
    limit: float
    bound: Bound = Bound.AT_MOST

    @property
    def name(self) -> str:
        """What it is called in the search and in MLflow: `ram`; `ram_at_least`."""
        return name_of(self.quantity, self.bound)

    def __str__(self) -> str:
        return limit_text(self.quantity, self.limit, self.bound)


def name_of(quantity: Quantity, bound: Bound) -> str:
    """Give the name of a budget: one quantity may have an upper and a lower limit."""
    return quantity.value if bound is Bound.AT_MOST else f"{quantity.value}_{bound.value}"


def limit_text(quantity: Quantity, limit: float, bound: Bound) -> str:
    """Print a limit for people: `10.00 ms`, `at least 10.00 ms`."""
    return f"{'at least ' if bound is Bound.AT_LEAST else ''}{quantity.text(limit)}"


@dataclass(frozen=True)
class Margin:
    """A budget held against a measured value of the same unit, on a board of type `board`."""

    board: str
    quantity: Quantity
    limit: float
    value: float
    bound: Bound = Bound.AT_MOST

    @property
    def name(self) -> str:
        """The name of the budget."""
        return name_of(self.quantity, self.bound)

    @property
    def excess(self) -> float:
        """How far above the limit, relative to it; negative below."""
        return self.value / self.limit - 1.0

    @property
    def violation(self) -> float:
        """How far on the wrong side of the limit: 0.5 is 50 % too much, or too little; negative is room left."""
        return -self.excess if self.bound is Bound.AT_LEAST else self.excess

    @property
    def fits(self) -> bool:
        return self.value >= self.limit if self.bound is Bound.AT_LEAST else self.value <= self.limit

    def __str__(self) -> str:
        limit = limit_text(self.quantity, self.limit, self.bound)
        return f"{self.quantity.value} {self.quantity.text(self.value)} of {limit} ({self.excess:+.0%})"


def margins_of(budgets: Iterable[Budget], measurement: Measurement) -> tuple[Margin, ...]:
    """Hold every budget against the measurement, in the order of the budgets."""
    return tuple(Margin(measurement.board, b.quantity, b.limit, b.quantity.of(measurement), b.bound) for b in budgets)
