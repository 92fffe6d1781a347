"""All points of a discrete space."""

from collections.abc import Iterator
from typing import Any

import hyperopt
import numpy as np

from orchestrator.search.dimensions import Kind, dimensions_of
from orchestrator.search.points import PointSpace

Drawn = dict[str, float]
"""What was drawn for each active label, as HyperOpt writes it: a choice by the number of its option."""


def drawn_key(drawn: Drawn) -> str:
    """Name a point by its labels, in the order of their names."""
    return " ".join(f"{label}={value:g}" for label, value in sorted(drawn.items()))


def all_drawn(space: Any) -> list[Drawn]:
    """Enumerate a space, label by label.

    Raises:
        ValueError: a label is continuous.
    """
    dimensions = dimensions_of(hyperopt.pyll.as_apply(space))
    if continuous := [each.label for each in dimensions if each.kind is Kind.NUMERIC]:
        raise ValueError(f"cannot enumerate a space with continuous labels: {', '.join(continuous)}")
    points = PointSpace(dimensions)
    rows = points.inactive[None, :]
    for column, dimension in enumerate(dimensions):
        active = points._active(rows, dimension)
        counts = np.where(active, dimension.cell_count, 1)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        rows = np.repeat(rows, counts, axis=0)
        cells = np.arange(len(rows)) - first
        rows[:, column] = np.where(np.repeat(active, counts), cells, dimension.cell_count)
    return [dict(_active_levels(dimensions, row)) for row in rows.tolist()]


def _active_levels(dimensions: tuple[Any, ...], row: list[int]) -> Iterator[tuple[str, float]]:
    for dimension, cell in zip(dimensions, row, strict=True):
        if cell < dimension.cell_count:
            level = dimension.levels[cell]
            yield dimension.label, int(level) if dimension.whole else level
