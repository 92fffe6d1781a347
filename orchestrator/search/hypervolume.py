"""The volume that a set of points dominates, exactly: how good a set of trade-offs is, as one number.

The reference point bounds the volume on the side of what is bad; a point that is not better than it in every objective
adds nothing. For a search under budgets the objectives are the error rate and, per budget, measured value / limit, and
the reference point is 1 in each of them (`budgeted_hypervolume`): an error rate of 1, and every limit used up. So only
what keeps all budgets counts, the result lies in [0, 1], and compares between searches that had the same budgets.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from orchestrator.search.dominance import front_of
from orchestrator.search.observation import Observation

Floats = NDArray[np.float64]


def hypervolume(points: Floats, reference: Sequence[float]) -> float:
    """Give the volume between the reference and what dominates it, all objectives being minimised.

    By exclusive volumes (L. While, L. Bradstreet, L. Barone, "A Fast Way of Calculating Exact Hypervolumes", IEEE
    Transactions on Evolutionary Computation 16(1), 2012): made for two to four objectives, and some hundred points.

    Args:
        points: [points, objectives].

    Raises:
        ValueError: the reference has another number of objectives.
    """
    if points.ndim != 2 or points.shape[1] != len(reference):
        raise ValueError(f"points must have the shape [points, {len(reference)}], but have {points.shape}")
    gains = np.asarray(reference, dtype=np.float64) - points
    gains = gains[(gains > 0.0).all(axis=1)]
    return _volume(_front(gains))


def budgeted_hypervolume(observations: Iterable[Observation], budgets: Sequence[str]) -> float:
    """Give the hypervolume of what was observed, in [0, 1]; 0 if nothing that was trained keeps these budgets.

    Args:
        budgets: names of violations that are relative to an upper limit, e.g. `ram`, `latency`.
    """
    reference = [1.0] * (1 + len(budgets))
    rows = [
        [each.loss, *(1.0 + each.violations[name] for name in budgets)]
        for each in observations
        if each.loss is not None and each.fits
    ]
    return hypervolume(np.array(rows, dtype=np.float64).reshape(len(rows), len(reference)), reference)


def _volume(gains: Floats) -> float:
    """Give the volume of the union of boxes from the origin to each row; no row may dominate another."""
    if len(gains) == 0:
        return 0.0
    if gains.shape[1] == 1:
        return float(gains.max())
    gains = gains[np.argsort(gains[:, -1], kind="stable")]
    if gains.shape[1] == 2:
        widths = gains[:, 0]  # falls while the last objective rises
        return float((widths * np.diff(gains[:, 1], prepend=0.0)).sum())
    # From the smallest in the last objective: of what later boxes share with a box, all are as long in it as the box.
    return sum(
        float(box[-1]) * (float(box[:-1].prod()) - _volume(_front(np.minimum(box[:-1], gains[place + 1 :, :-1]))))
        for place, box in enumerate(gains)
    )


def _front(gains: Floats) -> Floats:
    return np.unique(gains[front_of(-gains)], axis=0)
