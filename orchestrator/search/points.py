"""Points of a space as rows of an array, one column per label.

Two arrays go together: `values` holds what HyperOpt would draw, NaN where a label is inactive; `cells` the cell of
each, and the number of cells where a label is inactive.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.domain.errors import InputError
from orchestrator.search.dimensions import Dimension, Kind

Cells = NDArray[np.int16]
Values = NDArray[np.float64]

DrawCells = Callable[[int, NDArray[np.intp]], NDArray[np.intp]]
"""From a column and the rows in which it is active to a cell for each of these rows."""


@dataclass(frozen=True)
class Points:
    """Some points of a space."""

    cells: Cells
    values: Values

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, rows: Any) -> "Points":
        return Points(self.cells[rows], self.values[rows])


class PointSpace:
    """What is needed to draw, read and write points."""

    def __init__(self, dimensions: Sequence[Dimension]) -> None:
        self.dimensions = tuple(dimensions)
        self._columns = {dimension.label: column for column, dimension in enumerate(self.dimensions)}

    @cached_property
    def inactive(self) -> Cells:
        """The row of a point without any active label."""
        return np.array([dimension.cell_count for dimension in self.dimensions], dtype=np.int16)

    def columns_without(self, labels: frozenset[str]) -> NDArray[np.intp]:
        """Give the columns of all labels but these.

        Raises:
            InputError: the space has no such label.
        """
        if unknown := sorted(labels - self._columns.keys()):
            known = ", ".join(self._columns)
            raise InputError(f"training labels: the space has no {', '.join(unknown)}; its labels are {known}")
        return np.array([column for label, column in self._columns.items() if label not in labels], dtype=np.intp)

    def walk(self, count: int, draw_cells: DrawCells, rng: np.random.Generator) -> Points:
        """Draw points label by label, each where the choices already made activate it."""
        cells = np.tile(self.inactive, (count, 1))
        values = np.full(cells.shape, np.nan)
        for column, dimension in enumerate(self.dimensions):
            rows = np.flatnonzero(self._active(cells, dimension))
            cells[rows, column] = draw_cells(column, rows)
            within = rng.random(len(rows)) if dimension.kind is Kind.NUMERIC else np.zeros(len(rows))
            drawn = zip(cells[rows, column], within, strict=True)
            values[rows, column] = [dimension.value_in(int(cell), each) + 0.0 for cell, each in drawn]
        return Points(cells, values)

    def read(self, drawn: Mapping[str, Sequence[float]]) -> Points:
        """Give the point of a HyperOpt document's `vals`; discrete values become exactly those of their cells."""
        cells = self.inactive.copy()
        values = np.full(len(cells), np.nan)
        for column, dimension in enumerate(self.dimensions):
            if found := drawn.get(dimension.label):
                cells[column] = dimension.cell_of(found[0])
                exact = dimension.levels[cells[column]] if dimension.levels else found[0]
                values[column] = exact + 0.0  # never -0.0, which would be another key
        return Points(cells[None, :], values[None, :])

    def write(self, values: Values) -> dict[str, list[float]]:
        """Give HyperOpt's `vals` of one row of values."""
        pairs = zip(self.dimensions, values.tolist(), strict=True)
        return {each.label: _written(each, value) for each, value in pairs}

    def drawn(self, values: Values) -> dict[str, float]:
        """Give what is drawn for the active labels of one row of values."""
        pairs = zip(self.dimensions, values.tolist(), strict=True)
        return {each.label: int(value) if each.whole else value for each, value in pairs if value == value}

    def _active(self, cells: Cells, dimension: Dimension) -> NDArray[np.bool_]:
        if not dimension.conditions:
            return np.ones(len(cells), dtype=bool)
        paths = [
            np.logical_and.reduce([cells[:, self._columns[label]] == option for label, option in path])
            for path in dimension.conditions
        ]
        return np.asarray(np.logical_or.reduce(paths))


def _written(dimension: Dimension, value: float) -> list[float]:
    if np.isnan(value):
        return []
    return [int(value) if dimension.whole else value]
