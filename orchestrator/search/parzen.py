"""Joint kernel densities over a conditional space.

One kernel stands on every observed point: the product, over the labels active in the point that is judged, of how near
that label's cells are. A label that is active there and not in the kernel's own observation has its prior. So a density
sums to 1 over all points of the space, and a kernel keeps together what was observed together.
"""

import numpy as np
from numpy.typing import NDArray

from orchestrator.search.dimensions import Dimension, Kind
from orchestrator.search.points import Cells, Points, PointSpace

WIDEST = 0.3
"""Standard deviation of a kernel's ordered labels, in units of the label's range, when there is one kernel only."""

WIDEST_MIX = 0.5
"""Share of a categorical kernel that is spread over all options, when there is one kernel only."""

NARROWEST_CELLS = 0.5


class Kernels:
    """The shapes of kernels for so many observations, as one table per label.

    Rows are the cell where the kernel stands, columns that of the point that is judged; the last row (inactive in the
    observation) is the prior, the last column (inactive in the point) is 1.
    """

    def __init__(self, space: PointSpace, shrinkage: float) -> None:
        self._space = space
        tables = [_table(dimension, shrinkage) for dimension in space.dimensions]
        self._logs = [np.log(np.maximum(table, 1e-30)).astype(np.float32) for table in tables]
        self._sums = [np.cumsum(table[:, :-1], axis=1) for table in tables]

    def log_densities(self, points: Cells, centres: Cells, columns: NDArray[np.intp]) -> NDArray[np.float32]:
        """Give the logarithm of every kernel's probability at every point, of these columns: [points, centres]."""
        total = np.zeros((len(points), len(centres)), dtype=np.float32)
        for column in columns:
            seen = self._logs[column].T[points[:, column]]
            total += np.take(seen, centres[:, column], axis=1)
        return total

    def log_prior(self, points: Cells, columns: NDArray[np.intp]) -> NDArray[np.float32]:
        """Give the logarithm of the points' prior probability."""
        return self.log_densities(points, self._space.inactive[None, :], columns)[:, 0]

    def sample(self, centres: Cells, rng: np.random.Generator) -> Points:
        """Draw one point from the kernel on each of the centres; one without active labels gives the prior."""

        def draw_cells(column: int, rows: NDArray[np.intp]) -> NDArray[np.intp]:
            return self.draw(column, centres[rows, column], rng)

        return self._space.walk(len(centres), draw_cells, rng)

    def draw(self, column: int, cells: NDArray[np.int16], rng: np.random.Generator) -> NDArray[np.intp]:
        """Draw one cell of a label from the kernel on each of these cells of it; an inactive one gives the prior."""
        sums = self._sums[column][cells]
        drawn = rng.random((len(cells), 1)) * sums[:, -1:]
        return np.asarray((sums <= drawn).sum(axis=1))


def shrinkage_of(kernel_count: int, active_labels: float) -> float:
    """Give how much narrower kernels are than a single one would be: Scott's rule."""
    return float(max(kernel_count, 1) ** (-1.0 / (4.0 + active_labels)))


def _table(dimension: Dimension, shrinkage: float) -> NDArray[np.float64]:
    count = dimension.cell_count
    prior = np.array(dimension.probabilities)
    table = np.ones((count + 1, count + 1))
    table[:count, :count] = (
        _mixed(prior, shrinkage) if dimension.kind is Kind.CATEGORICAL else _bell(dimension, shrinkage)
    )
    table[count, :count] = prior
    return table


def _mixed(prior: NDArray[np.float64], shrinkage: float) -> NDArray[np.float64]:
    mix = WIDEST_MIX * shrinkage
    return (1.0 - mix) * np.eye(len(prior)) + mix * prior


def _bell(dimension: Dimension, shrinkage: float) -> NDArray[np.float64]:
    """Normal around each cell, cut off at the ends of the range; a little of the prior keeps every cell possible."""
    positions = dimension.positions
    width = max(WIDEST * shrinkage, NARROWEST_CELLS / dimension.cell_count)
    distance = (positions[:, None] - positions[None, :]) / width
    mass = np.exp(-0.5 * distance**2) * np.array(dimension.probabilities)
    mass /= mass.sum(axis=1, keepdims=True)
    return np.asarray(0.99 * mass + 0.01 * np.array(dimension.probabilities))
