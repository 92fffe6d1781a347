"""Points of a conditional space as vectors of equal length, for models that know nothing of conditions.

An ordered label is its position on the scale on which draws are uniform, from -1/2 to 1/2; a categorical one has a
column per option, two of which are as far apart as the ends of an ordered label. What is inactive is 0: in the middle.
It stays distinguishable, because the choice on which it depends is there too.
"""

import numpy as np
from numpy.typing import NDArray

from orchestrator.search.dimensions import Dimension, Kind
from orchestrator.search.points import Cells, PointSpace

Floats = NDArray[np.float64]


class Encoding:
    """One table per label: a row per cell, and the last one for an inactive label."""

    def __init__(self, space: PointSpace) -> None:
        self._tables = [_table(dimension) for dimension in space.dimensions]

    def __call__(self, cells: Cells, columns: NDArray[np.intp]) -> Floats:
        """Give the vectors of these labels: [points, features]."""
        return np.concatenate([self._tables[column][cells[:, column]] for column in columns], axis=1)


def _table(dimension: Dimension) -> Floats:
    if dimension.kind is Kind.CATEGORICAL:
        rows = np.eye(dimension.cell_count) / np.sqrt(2.0)
    else:
        rows = dimension.positions[:, None] - 0.5
    return np.concatenate([rows, np.zeros((1, rows.shape[1]))])
