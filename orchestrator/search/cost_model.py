"""How likely networks keep their budgets, learned from those that were measured.

A network's cycles are the sum of its layers', each predicted from its shape by what layers of the same kernel took; its
RAM follows its arena, its flash its weights and the code it needs. How far to trust a prediction is found out by
predicting what was measured from the rest of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from orchestrator.domain.deployability import Fit
from orchestrator.domain.network_shape import NetworkShape
from orchestrator.search.board_model import LEAST_SHARE, BoardModel, Known
from orchestrator.search.observation import AT_LEAST, BoardCosts
from orchestrator.search.regression import Floats

MOST_NETWORKS = 200
"""The last of those that were measured are learned from: more would take time and tell little."""

FOLDS = 4

LEAST_DOUBT = 0.01
"""Standard deviation of a prediction's logarithm that no success takes away."""

STARTING_DOUBT = 0.5
"""The same before anything is known; counts as one prediction."""


@dataclass(frozen=True)
class MeasuredNetwork:
    """A network with what it took of each board."""

    shape: NetworkShape
    costs: tuple[BoardCosts, ...]


class CostModel:
    """Says how likely networks keep their budgets.

    Args:
        measured: at least one, in the order in which they were suggested.
        fit: on which of several boards budgets must hold.
    """

    def __init__(self, measured: Sequence[MeasuredNetwork], fit: Fit = Fit.ALL) -> None:
        self._fit = fit
        by_board: dict[str, list[tuple[NetworkShape, BoardCosts]]] = {}
        for network in measured:
            for costs in network.costs:
                by_board.setdefault(costs.board, []).append((network.shape, costs))
        self._boards = [_BoardJudge(by_board[board][-MOST_NETWORKS:]) for board in sorted(by_board)]

    @property
    def constraints(self) -> frozenset[str]:
        """Names of the constraints that are predicted."""
        return frozenset(name for board in self._boards for name in board.doubts)

    def log_chances(self, networks: Sequence[NetworkShape]) -> Floats:
        """Give the logarithm of the chance that each network keeps all budgets."""
        boards = [board.log_chances(networks) for board in self._boards]
        return np.asarray(np.max(boards, axis=0) if self._fit is Fit.ANY else np.sum(boards, axis=0))


class _BoardJudge:
    """A board's model, and how far it is off."""

    def __init__(self, known: Known) -> None:
        self._model = BoardModel(known)
        self.doubts = _doubts(known)

    def log_chances(self, networks: Sequence[NetworkShape]) -> Floats:
        total = np.zeros(len(networks))
        for name, shares in self._model.shares(networks).items():
            if name in self.doubts:
                room = -np.log(np.maximum(shares, LEAST_SHARE)) / self.doubts[name]
                total += log_ndtr(-room if name.endswith(AT_LEAST) else room)
        return total


def _doubts(known: Known) -> dict[str, float]:
    """Give the standard deviation of each prediction's logarithm: every network is predicted from other ones."""
    errors: dict[str, list[float]] = {}
    for fold in range(min(FOLDS, len(known))):
        held_out = known[fold::FOLDS]
        rest = [each for number, each in enumerate(known) if number % FOLDS != fold]
        if rest:
            _note_errors(errors, BoardModel(rest), held_out)
    return {name: _doubt(each) for name, each in sorted(errors.items())}


def _note_errors(errors: dict[str, list[float]], model: BoardModel, held_out: Known) -> None:
    predicted = model.shares([shape for shape, _ in held_out])
    for row, (_, costs) in enumerate(held_out):
        for name in costs.shares.keys() & predicted.keys():
            shares = np.maximum([costs.shares[name], predicted[name][row]], LEAST_SHARE)
            errors.setdefault(name, []).append(float(np.log(shares[0] / shares[1])))


def _doubt(errors: Sequence[float]) -> float:
    squares = [*np.square(errors), STARTING_DOUBT**2]
    return max(float(np.sqrt(np.mean(squares))), LEAST_DOUBT)
