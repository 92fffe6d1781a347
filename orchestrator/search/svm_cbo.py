"""SVM-CBO: first where networks fit, then, inside of that alone, which of them is good.

Follows A. Candelieri, "Sequential model based optimization of partially defined functions under unknown constraints"
(Journal of Global Optimization 79, 2021), and its use for microcontrollers, R. Perego, A. Candelieri, F. Archetti and
D. Pau, "AutoTinyML for microcontrollers: Dealing with black-box deployability" (Expert Systems with Applications 207,
2022). After a random start there are two phases:

1. A support vector machine learns the feasible region from what was measured. The next point has the least sum of its
   distance to the estimated boundary and of a coverage, which is large near points already measured: that refines the
   boundary, and finds regions apart from it.
2. A surrogate learns the loss of what was trained. The next point has the least lower confidence bound inside the
   estimated region.

    hyperopt.fmin(objective, space, algo=svm_cbo.suggest, max_evals=100)

What the objective may return: see `history.py`. docs/search.md says where this departs from the papers.
"""

from functools import partial
from math import ceil
from typing import Any

import numpy as np
from hyperopt.base import Domain, Trials
from numpy.typing import NDArray

from orchestrator.search.dimensions import Kind
from orchestrator.search.encoding import Encoding, Floats
from orchestrator.search.history import History
from orchestrator.search.learned_models import (
    Surface,
    Surrogate,
    gaussian_process,
    kernel_width,
    random_forest,
    support_vectors,
)
from orchestrator.search.parzen import Kernels, shrinkage_of
from orchestrator.search.points import Points
from orchestrator.search.suggesting import random_point, random_points, suggest_by

STARTUP = 10

BOUNDARY = 20
BOUNDARY_SHARE = 0.2
"""Points of the first phase, or their share of all candidates."""

FEWEST_TRAINED = 3
"""The first phase goes on until so many were trained."""

CONFIDENCE = 1.96
"""Standard deviations from the expected loss to its lower confidence bound, as the papers have it."""

POOL = 512
"""Points from which the next one is taken; in the second phase half of them lie near the best."""

NEAREST = 10

MOST_CLASSIFIED = 1_000
MOST_FOREST = 1_000
MOST_GAUSSIAN = 150
"""Points that a model learns from: a suggestion shall not take seconds."""


def suggest(
    new_ids: list[int],
    domain: Domain,
    trials: Trials,
    seed: int,
    startup: int = STARTUP,
    boundary: int = BOUNDARY,
    training_labels: frozenset[str] = frozenset(),
) -> list[dict[str, Any]]:
    """Suggest a point for each of the new ids; fewer, or none, when no point of the space is left.

    Args:
        startup: points drawn at random first.
        boundary: points of the first phase after these; more, if until then fewer than three could be trained.
        training_labels: labels that do not touch the architecture, e.g. the learning rate.

    Raises:
        InputError: the space uses a distribution that is none of `hyperopt.hp`'s.
    """
    pick = partial(_suggest_point, startup=startup, boundary=boundary)
    return suggest_by(pick, new_ids, domain, trials, seed, training_labels)


def boundary_of(candidates: int) -> int:
    """Give how many points the first phase is to have, of so many candidates in all."""
    return ceil(BOUNDARY_SHARE * candidates)


def _suggest_point(history: History, rng: np.random.Generator, startup: int, boundary: int) -> Points | None:
    if history.finished_count < startup:
        return random_point(history, rng)
    refines = history.finished_count < startup + boundary or history.trained_count < FEWEST_TRAINED
    pool = random_points(history, POOL, rng) if refines else _pool(history, rng)
    fresh = pool[history.is_new(pool)]
    if not len(fresh):
        return random_point(history, rng)
    scores = _boundary_scores(history, fresh) if refines else _loss_scores(history, fresh, rng)
    chosen = int(np.argmin(scores))
    return fresh[chosen : chosen + 1]


def _boundary_scores(history: History, points: Points) -> Floats:
    """Give the distance to the boundary, and the coverage by what was measured or is under way."""
    encode = Encoding(history.space)
    rows = np.union1d(history.first_of_architectures(), history.open_rows)
    seen = encode(history.cells[_thinned(rows, MOST_CLASSIFIED)], history.architecture)
    vectors = encode(points.cells, history.architecture)
    distances = (vectors**2).sum(axis=1)[:, None] + (seen**2).sum(axis=1) - 2.0 * vectors @ seen.T
    coverage = np.exp(-kernel_width(seen) * distances).sum(axis=1)
    surface = _region(history, encode)
    return np.asarray(coverage if surface is None else coverage + np.abs(surface(vectors)))


def _loss_scores(history: History, points: Points, rng: np.random.Generator) -> Floats:
    """Give the lower confidence bound of the loss, infinite outside the region, unless all points are outside."""
    encode = Encoding(history.space)
    surface = _region(history, encode)
    if surface is None:
        inside = np.full(len(points), True)
    else:
        heights = surface(encode(points.cells, history.architecture))
        inside = heights >= min(0.0, float(heights.max()))
    scores = np.full(len(points), np.inf)
    means, deviations = _surrogate(history, encode, rng)(encode(points.cells[inside], _everything(history)))
    scores[inside] = means - CONFIDENCE * deviations
    return scores


def _region(history: History, encode: Encoding) -> Surface | None:
    """Learn the feasible region, or give None while only one kind is known.

    It is learned anew for every suggestion. The papers do so after a surprise only; but what a support vector machine
    foresaw, beyond its margin, would not change it, and a suggestion must not depend on what was asked before it.
    """
    rows = _thinned(history.first_of_architectures(), MOST_CLASSIFIED)
    broken = [violations[rows] > 0.0 for violations in history.violations().values()]
    inside = ~np.any(broken, axis=0) if broken else np.full(len(rows), True)
    if inside.all() or not inside.any():
        return None
    features = encode(history.cells[rows], history.architecture)
    return support_vectors(features, inside, kernel_width(features))


def _surrogate(history: History, encode: Encoding, rng: np.random.Generator) -> Surrogate:
    """Learn the loss; what is under way is taken to be middling, so that others go elsewhere."""
    flat = all(each.kind is not Kind.CATEGORICAL and not each.conditions for each in history.space.dimensions)
    losses, trained = _known_losses(history, MOST_GAUSSIAN if flat else MOST_FOREST)
    losses = np.append(losses, np.full(len(history.open_rows), np.median(losses)))
    rows = np.concatenate([trained, history.open_rows])
    features = encode(history.cells[rows], _everything(history))
    return gaussian_process(features, losses) if flat else random_forest(features, losses, int(rng.integers(2**31)))


def _known_losses(history: History, most: int) -> tuple[Floats, NDArray[np.intp]]:
    """Give losses and rows of what was trained: the better half of them, and the latest of the others."""
    losses = history.losses
    trained = np.flatnonzero(~np.isnan(losses))
    by_loss = trained[np.argsort(losses[trained], kind="stable")]
    rows = np.sort(np.concatenate([by_loss[: most // 2], np.sort(by_loss[most // 2 :])[-(most - most // 2) :]]))
    worst = np.max(losses[rows], where=np.isfinite(losses[rows]), initial=-np.inf)
    return np.minimum(losses[rows], worst if np.isfinite(worst) else 1.0), rows


def _pool(history: History, rng: np.random.Generator) -> Points:
    """Draw one half from the prior, one near the best that were trained."""
    losses = history.losses
    best = np.argsort(losses, kind="stable")[: min(NEAREST, history.trained_count)]
    active_count = float((history.cells != history.space.inactive).sum(axis=1).mean())
    kernels = Kernels(history.space, shrinkage_of(history.trained_count, active_count))
    prior = random_points(history, POOL // 2, rng)
    near = kernels.sample(history.cells[rng.choice(best, size=POOL // 2)], rng)
    return Points(np.concatenate([prior.cells, near.cells]), np.concatenate([prior.values, near.values]))


def _thinned(rows: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """Keep so many at most: the latest, and as many evenly from the others."""
    if len(rows) <= most:
        return rows
    early, late = rows[: -(most // 2)], rows[-(most // 2) :]
    return np.concatenate([early[np.linspace(0, len(early) - 1, most - len(late)).astype(np.intp)], late])


def _everything(history: History) -> NDArray[np.intp]:
    return np.arange(len(history.space.dimensions))
