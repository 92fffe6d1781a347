"""What was observed, divided into good and bad: once for the objective, once for each constraint."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from orchestrator.search.history import History

GOOD_SHARE = 0.15
MOST_GOOD = 25


@dataclass(frozen=True)
class Pair:
    """Rows of the history that are good and bad in one respect."""

    good: NDArray[np.intp]
    bad: NDArray[np.intp]

    @property
    def gamma(self) -> float:
        """The share of good ones."""
        return len(self.good) / (len(self.good) + len(self.bad))

    @property
    def says_something(self) -> bool:
        return bool(len(self.good) and len(self.bad))


def objective_pair(history: History, losses: NDArray[np.float64] | None = None) -> Pair:
    """The best of what was trained, against the rest of it and what is under way.

    Args:
        losses: what is to be small, by row of the history, in place of its losses; NaN where there was no training.
    """
    losses = history.losses if losses is None else losses
    trained = np.flatnonzero(~np.isnan(losses))
    by_loss = trained[np.argsort(losses[trained], kind="stable")]
    count = _good_count(len(trained))
    return Pair(by_loss[:count], np.concatenate([by_loss[count:], history.open_rows]))


def constraint_pairs(history: History, without: frozenset[str] = frozenset()) -> Iterator[Pair]:
    """What holds a constraint against what does not, once per architecture, for each constraint but these."""
    measured = history.first_of_architectures()
    for name, violations in history.violations().items():
        if name in without:
            continue
        rows = measured[~np.isnan(violations[measured])]
        holds = violations[rows] <= 0.0
        if not holds.any():
            nearest = np.argsort(violations[rows], kind="stable")[: _good_count(len(rows))]
            holds[nearest] = True
        yield Pair(rows[holds], rows[~holds])


def fitting_architectures(history: History) -> NDArray[np.intp]:
    """Give the architectures that hold all constraints."""
    broken = [violations > 0.0 for violations in history.violations().values()]
    measured = history.first_of_architectures()
    return measured[~np.any(broken, axis=0)[measured]] if broken else measured


def _good_count(count: int) -> int:
    return min(ceil(GOOD_SHARE * count), MOST_GOOD)
