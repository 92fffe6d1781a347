"""A HyperOpt space as a flat list of labels, for optimisers that know no HyperOpt."""

from functools import cached_property
from typing import Any

import hyperopt
import numpy as np
from numpy.typing import NDArray

from orchestrator.search.dimensions import Dimension, dimensions_of
from orchestrator.search.points import PointSpace
from search_bench.enumeration import Drawn


class Labels:
    """The dimensions of a space, and draws from its prior."""

    def __init__(self, space: Any) -> None:
        self.space = space
        self.dimensions = dimensions_of(hyperopt.pyll.as_apply(space))
        self._points = PointSpace(self.dimensions)

    def draw(self, count: int, rng: np.random.Generator) -> list[Drawn]:
        """Draw points from the prior."""

        def cells(column: int, rows: NDArray[np.intp]) -> NDArray[np.intp]:
            dimension = self.dimensions[column]
            return rng.choice(dimension.cell_count, size=len(rows), p=self._shares[column])

        values = self._points.walk(count, cells, rng).values
        return [self._active(row) for row in values]

    def is_active(self, dimension: Dimension, drawn: Drawn) -> bool:
        """Say whether the choices that `drawn` has made so far activate a label."""
        if not dimension.conditions:
            return True
        return any(all(drawn.get(label) == option for label, option in path) for path in dimension.conditions)

    def config(self, drawn: Drawn) -> Any:
        """Give the point as the space describes it."""
        return hyperopt.space_eval(self.space, drawn)

    @cached_property
    def _shares(self) -> list[NDArray[np.float64]]:
        return [np.array(each.probabilities) / sum(each.probabilities) for each in self.dimensions]

    def _active(self, row: NDArray[np.float64]) -> Drawn:
        written = self._points.write(row)
        return {label: values[0] for label, values in written.items() if values}
