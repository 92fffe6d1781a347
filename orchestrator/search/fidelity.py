"""Losses of trainings that were stopped early, made comparable with those that were not."""

from bisect import insort
from collections.abc import Sequence
from itertools import accumulate
from math import isfinite
from statistics import median


class Gains:
    """How much completed trainings still gained after each epoch.

    The best loss up to an epoch counts, because that is what a stopped training is told by.
    """

    def __init__(self) -> None:
        self._after: list[list[float]] = []

    def add(self, epoch_losses: Sequence[float], final_loss: float) -> None:
        """Learn from a completed training."""
        if not isfinite(final_loss):
            return
        for index, best in enumerate(accumulate(epoch_losses, min)):
            if index == len(self._after):
                self._after.append([])
            insort(self._after[index], best - final_loss)

    def after(self, epochs: int) -> float:
        """Give the median gain from the best loss of so many epochs to the final one; 0 if none is known."""
        known = self._after[epochs - 1] if epochs <= len(self._after) else []
        return median(known) if known else 0.0
