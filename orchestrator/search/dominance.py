"""Pareto dominance between rows of objectives, all of them minimised."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


def front_of(values: Floats) -> Rows:
    """Give the rows that no other row dominates, in ascending order; equal rows do not dominate each other.

    Args:
        values: [rows, objectives], without NaN.
    """
    front: list[int] = []
    # In this order no row dominates an earlier one.
    for row in np.lexsort(values.T[::-1]):
        seen = values[front]
        dominated = (seen <= values[row]).all(axis=1) & (seen < values[row]).any(axis=1)
        if not dominated.any():
            front.append(int(row))
    return np.sort(np.array(front, dtype=np.intp))


def fronts_of(values: Floats, enough: int) -> list[Rows]:
    """Give the first front, the one that is the first without it, and so on, until they hold `enough` rows."""
    fronts: list[Rows] = []
    left = np.arange(len(values))
    while len(left) and sum(map(len, fronts)) < enough:
        first = left[front_of(values[left])]
        fronts.append(first)
        left = np.setdiff1d(left, first, assume_unique=True)
    return fronts


def crowding_distances(values: Floats) -> Floats:
    """Give how far each row's neighbours on both sides lie apart, as shares of the range, over all objectives.

    K. Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II" (IEEE Transactions on Evolutionary
    Computation 6(2), 2002), section III-B. Rows at an end of an objective's range have an infinite distance.
    """
    distances = np.zeros(len(values))
    for column in values.T:
        order = np.argsort(column, kind="stable")
        across = column[order]
        distances[order[[0, -1]]] = np.inf
        if across[-1] > across[0]:
            distances[order[1:-1]] += (across[2:] - across[:-2]) / (across[-1] - across[0])
    return distances
