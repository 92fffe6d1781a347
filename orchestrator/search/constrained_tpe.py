"""Constrained TPE: where is a good network likely, and where one that keeps its budgets?

Follows S. Watanabe and F. Hutter, "c-TPE: Tree-structured Parzen Estimator with Inequality Constraints" (IJCAI 2023):
one pair of densities, good and bad, per constraint and one for the objective; relative density ratios
r = l / (gamma l + (1 - gamma) g), multiplied, say which of many proposals is suggested. Good for a constraint is what
holds it, gamma being the share that does; where nothing does, the least violating quantile is. Good for the objective
are the best of what was trained.

Both densities of a pair have kernels of the same shape, and the prior as one more kernel. The first has fewer kernels
in general, so that the prior weighs more in it: far from all that is known, the ratio is above 1, which draws the
search there.

    hyperopt.fmin(objective, space, algo=constrained_tpe.suggest, max_evals=100)

What the objective may return: see `history.py`. docs/search.md describes what it does, and how well.
"""

from functools import partial
from math import ceil
from typing import Any

import numpy as np
from hyperopt.base import Domain, Trials
from numpy.typing import NDArray

from orchestrator.search.history import History
from orchestrator.search.pairs import Pair, constraint_pairs, fitting_architectures, objective_pair
from orchestrator.search.parzen import Kernels, shrinkage_of
from orchestrator.search.points import Points
from orchestrator.search.suggesting import PROPOSALS, random_point, suggest_by

STARTUP = 10
FEWEST_STARTUP = 5
STARTUP_SHARE = 0.1

MOST_RANDOM_PER_STARTUP = 10
"""The random start ends with so many points for each that was to be trained: feasible regions may be tiny."""

EXPLORING_SHARE = 0.2
"""Of the suggestions after the start, those that are still drawn at random."""

TRAININGS_PER_DRAW = 5
"""Of so many trainings one is of a random draw: where little fits, such suggestions are hardly ever trained."""

MOST_DRAWS = 25
"""Measured at most in search of a random draw that fits: regions may be tiny."""

DOUBT = 0.5
"""How little a doubt about the constraints counts against a point: see `_scores`."""

PRIOR_SHARE = 0.1
STARTING_PRIOR_SHARE = 0.5
"""Of the proposals, from the good densities and the prior, those that are drawn from the prior. Half of the others mix
what stood in different points."""


def suggest(
    new_ids: list[int],
    domain: Domain,
    trials: Trials,
    seed: int,
    startup: int = STARTUP,
    training_labels: frozenset[str] = frozenset(),
) -> list[dict[str, Any]]:
    """Suggest a point for each of the new ids; fewer, or none, when no point of the space is left.

    Args:
        startup: points are drawn at random until so many were trained, or ten times as many were only measured.
        training_labels: labels that do not touch the architecture, e.g. the learning rate.

    Raises:
        InputError: the space uses a distribution that is none of `hyperopt.hp`'s.
    """
    pick = partial(suggest_point, startup=startup)
    return suggest_by(pick, new_ids, domain, trials, seed, training_labels)


def startup_of(candidates: int) -> int:
    """Give how many are to be trained before the model is used, of so many candidates in all."""
    return min(max(ceil(STARTUP_SHARE * candidates), FEWEST_STARTUP), STARTUP)


def suggest_point(
    history: History, rng: np.random.Generator, startup: int = STARTUP, losses: NDArray[np.float64] | None = None
) -> Points | None:
    """Give the point to try next, or None if no new one was found.

    The first, and now and then one ever after, are drawn from the prior, so that no region is given up for good. If
    that gives too little that could be trained, they are drawn from what probably holds all constraints instead.

    Args:
        losses: what is to be small, by row of the history, in place of its losses.
    """
    starts = history.trained_count < startup
    at_random = startup * MOST_RANDOM_PER_STARTUP if starts else startup
    if history.finished_count < at_random or rng.random() < EXPLORING_SHARE or _needs_draw(history, starts):
        return random_point(history, rng)
    objective = objective_pair(history, losses)
    proposals = _proposals(history, None if starts else objective, rng)
    fresh = proposals[history.is_new(proposals)]
    if not len(fresh):
        return random_point(history, rng)
    if starts:
        chosen = one_of(_starting_scores(history, fresh), rng)
    else:
        repeats = np.log1p(history.trainings_of(fresh))  # of what is as promising, that is next which is least known
        chosen = int(np.argmax(_scores(history, objective, fresh) - repeats))
    return fresh[chosen : chosen + 1]


def _needs_draw(history: History, starts: bool) -> bool:
    """Say whether the next training is to be that of a random draw."""
    is_due = history.trained_count % TRAININGS_PER_DRAW == TRAININGS_PER_DRAW - 1
    return is_due and not starts and history.measured_since_trained < MOST_DRAWS


def one_of(scores: NDArray[np.float64], rng: np.random.Generator) -> int:
    """Draw a number, each as probable as the exponential of its score."""
    weights = np.exp(scores - scores.max())
    return int(rng.choice(len(scores), p=weights / weights.sum()))


def _proposals(history: History, objective: Pair | None, rng: np.random.Generator) -> Points:
    """Draw from the prior and from the good densities, that of the objective as often as all others together."""
    fitting = fitting_architectures(history)
    groups = [fitting] if len(fitting) else [pair.good for pair in constraint_pairs(history)]
    if objective is not None:
        groups += [objective.good] * max(len(groups), 1)
    groups = [group for group in groups if len(group)]
    prior_count = ceil((STARTING_PRIOR_SHARE if objective is None else PRIOR_SHARE) * PROPOSALS)
    centres = [np.tile(history.space.inactive, (prior_count, 1))]
    for group in groups:
        near = history.cells[rng.choice(group, size=ceil((PROPOSALS - prior_count) / len(groups)))]
        crossed = len(near) // 2
        centres += [near[crossed:], rng.permuted(near[:crossed], axis=0)]
    return kernels_of(history, len(history.cells)).sample(np.concatenate(centres), rng)


def _scores(history: History, objective: Pair, points: Points) -> NDArray[np.float64]:
    """Give the logarithm of the product of all relative density ratios, those of the constraints damped.

    Their product with all gammas is an estimate p of the chance that all constraints hold, and p / (p + DOUBT) takes
    its place: what turns out not to fit costs a measurement, no training, so that doubt alone rules nothing out. The
    larger DOUBT, the nearer this is to the plain product.
    """
    everything = np.arange(len(history.space.dimensions))
    constraints = [pair for pair in constraint_pairs(history) if pair.says_something]
    log_fits = log_ratios(history, points, constraints, history.architecture)
    log_fits += sum(np.log(pair.gamma) for pair in constraints)
    tempered = log_fits - np.logaddexp(log_fits, np.log(DOUBT))
    return log_ratios(history, points, [objective], everything) + tempered


def _starting_scores(history: History, points: Points) -> NDArray[np.float64]:
    """Give the logarithm of the ratio of what holds all constraints at once.

    A product over constraints that break together would prefer what is far from all limits to what is near one.
    """
    fitting = fitting_architectures(history)
    if not len(fitting):
        return log_ratios(history, points, list(constraint_pairs(history)), history.architecture)
    pair = Pair(fitting, np.setdiff1d(history.first_of_architectures(), fitting))
    return log_ratios(history, points, [pair], history.architecture)


def log_ratios(history: History, points: Points, pairs: list[Pair], columns: NDArray[np.intp]) -> NDArray[np.float64]:
    """Give the sum of the logarithms of the pairs' ratios; their kernels are computed once for all of them."""
    pairs = [pair for pair in pairs if pair.says_something]
    if not pairs:
        return np.zeros(len(points))
    rows = np.unique(np.concatenate([each for pair in pairs for each in (pair.good, pair.bad)]))
    kernels = kernels_of(history, len(rows))
    log_prior = kernels.log_prior(points.cells, columns)
    logs = kernels.log_densities(points.cells, history.cells[rows], columns)
    largest = np.maximum(logs.max(axis=1), log_prior)
    densities, prior = np.exp(logs - largest[:, None]), np.exp(log_prior - largest)
    total = np.zeros(len(points))
    for pair in pairs:
        gamma = pair.gamma
        good = _mean_density(densities, prior, rows, pair.good)
        bad = _mean_density(densities, prior, rows, pair.bad)
        total += np.log(good / (gamma * good + (1.0 - gamma) * bad) + 1e-12)
    return total


def _mean_density(
    densities: NDArray[np.float32], prior: NDArray[np.float32], rows: NDArray[np.intp], members: NDArray[np.intp]
) -> NDArray[np.float64]:
    weights = np.isin(rows, members, assume_unique=True).astype(np.float32)
    return np.asarray((densities @ weights + prior) / (len(members) + 1.0), dtype=np.float64)


def kernels_of(history: History, kernel_count: int) -> Kernels:
    """Give the kernels for so many observations of a history."""
    active = (history.cells != history.space.inactive).sum(axis=1).mean()
    return Kernels(history.space, shrinkage_of(kernel_count, float(active)))
