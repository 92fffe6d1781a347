"""A HyperOpt space as a list of dimensions, each divided into cells.

A discrete label has one cell per option; a continuous one has `CELLS` of equal prior probability. Densities are then
tables over cells, whatever the distribution: see `parzen.py`. A value drawn in a cell of a continuous label may be any
in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import pairwise
from math import exp, log
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.domain.errors import InputError

CELLS = 64

Condition = tuple[tuple[str, int], ...]
"""Choices that must all have been made, as pairs of label and option."""


class Kind(Enum):
    """Whether neighbouring cells have anything in common."""

    CATEGORICAL = "categorical"
    ORDINAL = "ordinal"
    NUMERIC = "numeric"


@dataclass(frozen=True)
class Prior:
    """The distribution that a label's values, or their logarithms, are drawn from: uniform or normal."""

    low: float = 0.0
    high: float = 0.0
    normal: NormalDist | None = None

    def cdf(self, x: float) -> float:
        if self.normal is not None:
            return self.normal.cdf(x)
        return min(1.0, max(0.0, (x - self.low) / (self.high - self.low)))

    def quantile(self, u: float) -> float:
        if self.normal is not None:
            return self.normal.inv_cdf(min(max(u, 1e-12), 1.0 - 1e-12))
        return self.low + u * (self.high - self.low)


@dataclass(frozen=True)
class Dimension:
    """One label.

    Attributes:
        probabilities: of the cells before anything is known.
        levels: the value of each cell of a discrete label; empty for NUMERIC.
        conditions: the label is active when any of them holds; always, if there are none.
        whole: its values are integers (options of a choice, `randint`).
        prior, log, step: of NUMERIC: `log` if the prior is that of the logarithm; values are multiples of `step`.
    """

    label: str
    kind: Kind
    probabilities: tuple[float, ...]
    conditions: tuple[Condition, ...] = ()
    levels: tuple[float, ...] = ()
    whole: bool = False
    prior: Prior | None = None
    log: bool = False
    step: float | None = None

    @property
    def cell_count(self) -> int:
        return len(self.probabilities)

    @cached_property
    def positions(self) -> NDArray[np.float64]:
        """Middles of the cells on a scale from 0 to 1: equally probable stretches are equally long."""
        mass = np.array(self.probabilities)
        return np.cumsum(mass) - mass / 2.0

    def cell_of(self, value: float) -> int:
        """Give the cell that holds a value."""
        if self.prior is None:
            return int(np.argmin(np.abs(np.array(self.levels) - value)))
        x = log(max(value, 1e-300)) if self.log else value
        return min(self.cell_count - 1, int(self.prior.cdf(x) * self.cell_count))

    def value_in(self, cell: int, within: float) -> float:
        """Give a value of a cell; `within` in [0, 1) says where in a continuous one."""
        if self.prior is None:
            return self.levels[cell]
        x = self.prior.quantile((cell + within) / self.cell_count)
        value = exp(x) if self.log else x
        return value if self.step is None else _multiple(value, self.step)


def dimensions_of(expression: Any) -> tuple[Dimension, ...]:
    """Read a HyperOpt space; labels come after those they depend on by the order in which they are drawn.

    Raises:
        InputError: a distribution, or a choice, that is none of `hyperopt.hp`'s.
    """
    found: dict[str, tuple[Any, Sequence[Any] | None]] = {}
    conditions: dict[str, list[Condition]] = {}
    _walk(expression, (), found, conditions)
    return tuple(_dimension(label, *found[label], tuple(conditions[label])) for label in _ordered(conditions))


def _walk(node: Any, path: Condition, found: dict[str, Any], conditions: dict[str, list[Condition]]) -> None:
    options: list[Any] = []
    parameter = node
    if node.name == "switch":
        parameter, *options = node.inputs()
        if parameter.name != "hyperopt_param":
            raise InputError("search space: a switch must be made by hp.choice or hp.pchoice")
    elif node.name != "hyperopt_param":
        for child in node.inputs():
            _walk(child, path, found, conditions)
        return
    label = parameter.arg["label"].obj
    found[label] = (parameter.arg["obj"], options or None)
    if path not in conditions.setdefault(label, []):
        conditions[label].append(path)
    for number, option in enumerate(options):
        _walk(option, (*path, (label, number)), found, conditions)


def _ordered(conditions: dict[str, list[Condition]]) -> list[str]:
    """Sort labels so that those in a label's conditions come before it; equal spaces give equal orders."""
    ordered: dict[str, None] = {}

    def visit(label: str) -> None:
        for path in conditions[label]:
            for parent, _ in path:
                visit(parent)
        ordered[label] = None

    for label in conditions:
        visit(label)
    return list(ordered)


def _dimension(label: str, node: Any, options: Sequence[Any] | None, conditions: tuple[Condition, ...]) -> Dimension:
    if () in conditions:
        conditions = ()  # active on some path without any condition
    name, numbers = node.name, _numbers(label, node)
    if name == "categorical":
        return _discrete(label, options, conditions, 0, numbers)
    if name == "randint":
        low, high = (0, int(numbers[0])) if len(numbers) == 1 else (int(numbers[0]), int(numbers[1]))
        if high - low <= CELLS or options:
            return _discrete(label, options, conditions, low, [1.0 / (high - low)] * (high - low))
        return _numeric(label, conditions, Prior(low - 0.5, high - 0.5), log=False, step=1.0, whole=True)
    is_log, is_stepped = "log" in name, name.startswith("q")
    if name.removeprefix("q").removeprefix("log") not in ("uniform", "normal"):
        raise InputError(f"search space: {label}: only random and tpe know the distribution {name!r}")
    prior = Prior(numbers[0], numbers[1]) if name.endswith("uniform") else Prior(normal=NormalDist(*numbers[:2]))
    step = numbers[2] if is_stepped else None
    if step is not None and prior.normal is None and (levels := _levels(prior, is_log, step)):
        return _stepped(label, conditions, prior, is_log, step, levels)
    return _numeric(label, conditions, prior, log=is_log, step=step)


def _numbers(label: str, node: Any) -> list[float]:
    """Give the arguments of a distribution, which must be plain numbers."""
    inputs = node.inputs()
    if len(inputs) == 1 and inputs[0].name == "pos_args":
        inputs = inputs[0].inputs()
    if any(each.name != "literal" for each in inputs):
        raise InputError(f"search space: {label}: bounds must be plain numbers")
    return [each.obj for each in inputs]


def _discrete(
    label: str, options: Sequence[Any] | None, conditions: tuple[Condition, ...], low: int, mass: Sequence[float]
) -> Dimension:
    kind = Kind.ORDINAL if options is not None and _are_sorted_numbers(options) else Kind.CATEGORICAL
    levels = tuple(float(low + number) for number in range(len(mass)))
    return Dimension(label, kind, tuple(mass), conditions, levels, whole=True)


def _are_sorted_numbers(options: Sequence[Any]) -> bool:
    values = [each.obj for each in options if each.name == "literal"]
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < len(options):
        return False
    rises = [b > a for a, b in pairwise(numbers)]
    return all(rises) or not any(rises)


def _levels(prior: Prior, is_log: bool, step: float) -> tuple[float, ...]:
    """Give the values of a stepped distribution, or none if there are too many for a cell each."""
    low, high = (exp(prior.low), exp(prior.high)) if is_log else (prior.low, prior.high)
    first, last = round(low / step), round(high / step)
    return tuple(number * step for number in range(first, last + 1)) if last - first < CELLS else ()


def _stepped(
    label: str, conditions: tuple[Condition, ...], prior: Prior, is_log: bool, step: float, levels: tuple[float, ...]
) -> Dimension:
    edges = [levels[0] - step / 2.0, *(level + step / 2.0 for level in levels)]
    below = [prior.cdf(log(max(edge, 1e-300)) if is_log else edge) for edge in edges]
    mass = [max(high - low, 1e-9) for low, high in pairwise(below)]
    return Dimension(label, Kind.ORDINAL, tuple(each / sum(mass) for each in mass), conditions, levels)


def _numeric(
    label: str, conditions: tuple[Condition, ...], prior: Prior, log: bool, step: float | None, whole: bool = False
) -> Dimension:
    mass = (1.0 / CELLS,) * CELLS
    return Dimension(label, Kind.NUMERIC, mass, conditions, whole=whole, prior=prior, log=log, step=step)


def _multiple(value: float, step: float) -> float:
    return round(value / step) * step
