"""What something costs, from what there is of it: a sum of non-negative shares, corrected near what is known.

The sum, fitted to the smallest relative error, carries over to sizes never seen; what it leaves over is smoothed by a
Gaussian process over the logarithms of the features, so that what was measured before is predicted as it was measured.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

Floats = NDArray[np.float64]

RELUCTANCE = 0.2
"""To explain anything by another feature than the first, which carries over best."""

REACH = 2.0
"""How far a correction carries, in e-foldings of the features."""

LEAST_NOISE = 1e-4
"""Variance of a logarithm that stays unexplained; so small because equal networks take equal cycles."""


class Regression:
    """Predicts positive numbers from non-negative features.

    Args:
        features: [observations, features], the most telling first.
        targets: [observations], > 0.
    """

    def __init__(self, features: Floats, targets: Floats) -> None:
        self._weights = _non_negative_weights(features, targets)
        self._least = targets.min() / 100.0  # far from all that is known the sum may be nothing
        left = np.log(targets / self._sums(features))
        self._variance = max(float(np.mean(left**2)), LEAST_NOISE)
        self._known = np.log1p(features)
        covariance = self._covariance(self._known) + LEAST_NOISE * np.eye(len(targets))
        self._duals = np.linalg.solve(covariance, left)

    def predict(self, features: Floats) -> Floats:
        """Give what is expected for each row of features."""
        correction = self._covariance(np.log1p(features)) @ self._duals
        return np.asarray(self._sums(features) * np.exp(correction))

    def _sums(self, features: Floats) -> Floats:
        return np.asarray(np.maximum(features @ self._weights, self._least))

    def _covariance(self, features: Floats) -> Floats:
        squares = (features**2).sum(axis=1)[:, None] + (self._known**2).sum(axis=1) - 2.0 * features @ self._known.T
        return np.asarray(self._variance * np.exp(-0.5 * np.maximum(squares, 0.0) / REACH**2))


def _non_negative_weights(features: Floats, targets: Floats) -> Floats:
    weights = np.zeros(features.shape[1])
    used = np.flatnonzero(features.any(axis=0))
    relative = features[:, used] / targets[:, None]
    scales = np.linalg.norm(relative, axis=0)
    reluctant = RELUCTANCE * np.eye(len(used))[1:]
    wanted = np.concatenate([np.ones(len(targets)), np.zeros(len(reluctant))])
    solution, _ = nnls(np.concatenate([relative / scales, reluctant]), wanted)
    weights[used] = solution / scales
    return weights
