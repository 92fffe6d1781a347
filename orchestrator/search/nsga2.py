"""NSGA-II over a conditional space: parents from the best fronts, children that cross and mutate label by label.

K. Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II" (IEEE Transactions on Evolutionary
Computation 6(2), 2002): non-dominated sorting, crowding distance, binary tournament, and domination under constraints.
One child is made at a time, from the best of all that is known by then (the steady-state variant): boards and trainers
need not wait for the end of a generation.

    hyperopt.fmin(objective, space, algo=nsga2.suggest, max_evals=200)
"""

from functools import partial
from typing import Any

import numpy as np
from hyperopt.base import Domain, Trials
from numpy.typing import NDArray

from orchestrator.search.dimensions import Kind
from orchestrator.search.dominance import crowding_distances, fronts_of
from orchestrator.search.history import History
from orchestrator.search.objectives import objectives_of, total_violations
from orchestrator.search.parzen import Kernels
from orchestrator.search.points import Cells, Points
from orchestrator.search.suggesting import random_point, suggest_by

POPULATION = 20

CHILDREN = 16
"""Children made at once; the first that is new is suggested."""

BROODS = 4
"""After so many times without any new child, a random point is suggested."""


def suggest(
    new_ids: list[int],
    domain: Domain,
    trials: Trials,
    seed: int,
    population: int = POPULATION,
    training_labels: frozenset[str] = frozenset(),
    only_limits: frozenset[str] = frozenset(),
    limits_count: bool = True,
) -> list[dict[str, Any]]:
    """Suggest a point for each of the new ids; fewer, or none, when no point of the space is left.

    Args:
        population: how many parents there are; as many points are drawn at random first.
        training_labels: labels that do not touch the architecture, e.g. the learning rate.
        only_limits: names of constraints that are to hold, but not to become small.
        limits_count: what keeps all limits dominates what does not, and that what breaks them by more; else limits
            count for nothing, and what was not trained is no parent.

    Raises:
        InputError: the space uses a distribution that is none of `hyperopt.hp`'s.
    """
    pick = partial(_suggest_point, size=population, only_limits=only_limits, limits_count=limits_count)
    return suggest_by(pick, new_ids, domain, trials, seed, training_labels)


def population_of(candidates: int) -> int:
    """Give how many parents there are to be where there are so many candidates in all."""
    return min(max(candidates // 5, 4), POPULATION)


def _suggest_point(
    history: History, rng: np.random.Generator, size: int, only_limits: frozenset[str], limits_count: bool
) -> Points | None:
    if history.finished_count >= size:
        parents = _parents(history, size, only_limits, limits_count)
        for _ in range(BROODS if len(parents) > 1 else 0):
            children = _children(history, parents, rng)
            fresh = np.flatnonzero(history.is_new(children))
            if len(fresh):
                return children[fresh[:1]]
    return random_point(history, rng)


def _parents(history: History, size: int, only_limits: frozenset[str], limits_count: bool) -> NDArray[np.intp]:
    """Give rows of the history from the best to the worst: by front, and in a front the least crowded first."""
    objectives, violations = objectives_of(history, only_limits), total_violations(history)
    compared = violations[objectives.rows] == 0.0 if limits_count else np.full(len(objectives.rows), True)
    rows, values = objectives.rows[compared], objectives.values[compared]
    fronts = fronts_of(values, size)
    ranked = [rows[front[np.argsort(-crowding_distances(values[front]), kind="stable")]] for front in fronts]
    if limits_count:
        broken = np.flatnonzero(violations > 0.0)
        ranked.append(broken[np.argsort(violations[broken], kind="stable")])
    return np.concatenate([np.empty(0, dtype=np.intp), *ranked])[:size]


def _children(history: History, parents: NDArray[np.intp], rng: np.random.Generator) -> Points:
    """Cross the winners of binary tournaments; a label that only one of them has comes from that one."""
    tournaments = rng.integers(len(parents), size=(2, CHILDREN, 2))
    one, other = history.cells[parents[tournaments.min(axis=2)]]
    inactive = history.space.inactive
    from_one = (rng.random(one.shape) < 0.5) & (one != inactive) | (other == inactive)
    return _mutated(history, np.where(from_one, one, other), rng)


def _mutated(history: History, inherited: Cells, rng: np.random.Generator) -> Points:
    """Change about one label: an ordered one moves, another takes any option. What nobody had is drawn anew."""
    kernels, inactive = Kernels(history.space, 1.0), history.space.inactive
    active_count = (history.cells != inactive).sum(axis=1).mean()
    mutates = rng.random(inherited.shape) < 1.0 / active_count

    def draw_cells(column: int, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        cells = inherited[rows, column]
        has_neighbours = history.space.dimensions[column].kind is not Kind.CATEGORICAL
        drawn = kernels.draw(column, cells if has_neighbours else np.full_like(cells, inactive[column]), rng)
        return np.where(mutates[rows, column] | (cells == inactive[column]), drawn, cells)

    return history.space.walk(len(inherited), draw_cells, rng)
