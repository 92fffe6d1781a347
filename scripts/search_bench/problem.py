"""What is searched: a space, what a network of it measures, and how well it does when it is trained."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from search_bench.enumeration import Drawn

Measured = Mapping[str, float]
"""Metric -> value, each to be as small as possible."""


class Problem(Protocol):
    """A search problem without its budgets.

    Attributes:
        space: as HyperOpt takes it.
        training_labels: labels that no metric depends on.
        metrics: names; the first two are those that a choice between two boards is made by.
        best_loss: the least loss of the whole space, where that is known.
    """

    name: str
    space: Any
    training_labels: frozenset[str]
    metrics: tuple[str, ...]

    def measure(self, points: list[Drawn]) -> list[Measured]:
        """Measure networks, without training them."""

    def train(self, drawn: Drawn) -> float:
        """Give the loss of a trained network, an error rate in [0, 1]."""


@dataclass(frozen=True)
class Budgeted:
    """A problem with budgets: a network fits if it keeps all limits of any of the boards.

    Attributes:
        share: of the draws from the prior, those that fit.
    """

    name: str
    problem: Problem
    boards: tuple[Mapping[str, float], ...]
    share: float

    def violations(self, measured: Measured) -> dict[str, float]:
        """Give what is beyond each limit, relative to it, on the nearest board: <= 0 holds it.

        The same that a sweep tells its search.
        """
        per_board = [{name: measured[name] / limit - 1.0 for name, limit in limits.items()} for limits in self.boards]
        return min(per_board, key=lambda violations: sum(max(0.0, each) for each in violations.values()))


def fits(violations: Mapping[str, float]) -> bool:
    """Say whether all budgets are kept."""
    return all(each <= 0.0 for each in violations.values())
