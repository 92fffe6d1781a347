"""Budgets of several shapes, as tight as asked for.

    all     every metric is limited at the same quantile
    one     the problem's last metric is limited; all others are nearly free
    either  two boards, either will do: the first has little of the first metric, the second little of the second

With `either` what fits is two regions: networks that are extreme in one way, and networks that are so in another.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from search_bench.labels import Labels
from search_bench.problem import Budgeted, Problem

DRAWS = 10_000
SEED = 20_000
NEARLY_FREE = 0.9
STEPS = 40

Values = Mapping[str, NDArray[np.float64]]
Boards = tuple[dict[str, float], ...]


def budgeted(problem: Problem, shape: str, share: float) -> Budgeted:
    """Limit a problem so that a share of its prior fits, as nearly as its values allow."""
    values = _values(problem)
    boards = _tightened(values, SHAPES[shape], share)
    return Budgeted(f"{problem.name}/{shape}/{share:g}", problem, boards, _share(values, boards))


@cache
def _values(problem: Problem) -> Values:
    drawn = Labels(problem.space).draw(DRAWS, np.random.default_rng(SEED))
    measured = problem.measure(drawn)
    return {name: np.array([each[name] for each in measured]) for name in problem.metrics}


def _all(values: Values, quantile: float) -> Boards:
    return (_limits(values, values, quantile),)


def _one(values: Values, quantile: float) -> Boards:
    *others, binding = values
    return (_limits(values, others, NEARLY_FREE) | _limits(values, [binding], quantile),)


def _either(values: Values, quantile: float) -> Boards:
    first, second, *_ = values
    return tuple(
        _limits(values, values, NEARLY_FREE) | _limits(values, [scarce], quantile) for scarce in (first, second)
    )


SHAPES: dict[str, Callable[[Values, float], Boards]] = {"all": _all, "one": _one, "either": _either}


def _limits(values: Values, names: Iterable[str], quantile: float) -> dict[str, float]:
    return {name: float(np.quantile(values[name], quantile)) for name in names}


def _tightened(values: Values, shape: Callable[[Values, float], Boards], share: float) -> Boards:
    """Find the least quantile that lets the share through."""
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if _share(values, shape(values, middle)) >= share else (middle, high)
    return shape(values, high)


def _share(values: Values, boards: Boards) -> float:
    per_board = [np.all([values[name] <= limit for name, limit in limits.items()], axis=0) for limits in boards]
    return float(np.any(per_board, axis=0).mean())
