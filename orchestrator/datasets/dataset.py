"""A data set as every stage sees it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Split:
    """Samples `x` [N, ...] float32 and their classes `y` [N] int32."""

    x: Array
    y: Array

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Dataset:
    """Three disjoint splits of one classification task.

    Attributes:
        content_hash: first 16 hex digits of the SHA-256 over all splits, in order.
    """

    name: str
    train: Split
    val: Split
    test: Split
    class_count: int
    content_hash: str

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one sample, without the batch."""
        return tuple(self.train.x.shape[1:])

    @property
    def majority_share(self) -> float:
        """Share of the most frequent class in the validation split: what guessing would score."""
        return float(np.bincount(self.val.y).max() / len(self.val))
