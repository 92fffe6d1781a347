"""What a search for trade-offs makes small: the loss, and what is measured under each budget.

A violation is relative to its limit, value / limit - 1, so that it orders networks as the measured value does.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestrator.search.history import History

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Objectives:
    """Rows of a history in which everything is known that is to be small.

    Attributes:
        values: [rows, objectives]: the loss, then violations in the order of their names.
    """

    rows: NDArray[np.intp]
    values: Floats


def objectives_of(history: History, only_limits: frozenset[str]) -> Objectives:
    """Give the objectives of what was trained; a training that diverged is as bad as the worst that did not.

    Args:
        only_limits: constraints that are kept or broken, but are no objectives.
    """
    losses = history.losses
    worst = np.max(losses, where=np.isfinite(losses), initial=-np.inf)
    columns = [each for name, each in history.violations().items() if name not in only_limits]
    values = np.stack([np.minimum(losses, worst), *columns], axis=1)
    rows = np.flatnonzero(np.isfinite(values).all(axis=1))
    return Objectives(rows, values[rows])


def total_violations(history: History) -> Floats:
    """Give by how much each row breaks its constraints, 0 if it holds them all, NaN where none was measured."""
    excess = [np.maximum(each, 0.0) for each in history.violations().values()]
    if not excess:
        return np.where(np.isnan(history.losses), np.nan, 0.0)
    table = np.stack(excess)
    known = ~np.isnan(table).all(axis=0) | ~np.isnan(history.losses)
    return np.where(known, np.nansum(table, axis=0), np.nan)
