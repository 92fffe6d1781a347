"""TPE for several objectives at once: each suggestion weighs them anew and goes after that one sum.

The weighted sum is the augmented Tchebycheff function of J. Knowles, "ParEGO: a hybrid algorithm with on-line landscape
approximation for expensive multiobjective optimization problems" (IEEE Transactions on Evolutionary Computation 10(1),
2006), the model is the one of `constrained_tpe.py`: limits are learned as there, and where a violation is never above
0, there is no limit to learn.

    hyperopt.fmin(objective, space, algo=scalarised_tpe.suggest, max_evals=100)
"""

from functools import partial
from typing import Any

import numpy as np
from hyperopt.base import Domain, Trials
from numpy.typing import NDArray

from orchestrator.search import constrained_tpe
from orchestrator.search.history import History
from orchestrator.search.objectives import objectives_of
from orchestrator.search.points import Points
from orchestrator.search.suggesting import suggest_by

SUM_SHARE = 0.05
"""Weight of the plain sum beside the largest term: Knowles's rho."""


def suggest(
    new_ids: list[int],
    domain: Domain,
    trials: Trials,
    seed: int,
    startup: int = constrained_tpe.STARTUP,
    training_labels: frozenset[str] = frozenset(),
    only_limits: frozenset[str] = frozenset(),
) -> list[dict[str, Any]]:
    """Suggest a point for each of the new ids; fewer, or none, when no point of the space is left.

    Args:
        startup: see `constrained_tpe.suggest`.
        training_labels: labels that do not touch the architecture, e.g. the learning rate.
        only_limits: names of constraints that are to hold, but not to become small.

    Raises:
        InputError: the space uses a distribution that is none of `hyperopt.hp`'s.
    """
    pick = partial(_suggest_point, startup=startup, only_limits=only_limits)
    return suggest_by(pick, new_ids, domain, trials, seed, training_labels)


def _suggest_point(
    history: History, rng: np.random.Generator, startup: int, only_limits: frozenset[str]
) -> Points | None:
    losses = np.full(len(history.cells), np.nan)
    objectives = objectives_of(history, only_limits)
    weights = rng.dirichlet(np.ones(objectives.values.shape[1]))
    losses[objectives.rows] = scalarised(objectives.values, weights)
    return constrained_tpe.suggest_point(history, rng, startup, losses)


def scalarised(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give one number per row, after each objective was brought to the range from 0 to 1.

    Args:
        values: [rows, objectives].
    """
    if len(values) == 0:
        return np.empty(0)
    low, high = values.min(axis=0), values.max(axis=0)
    weighted = weights * (values - low) / np.where(high > low, high - low, 1.0)
    return np.asarray(weighted.max(axis=1) + SUM_SHARE * weighted.sum(axis=1))
