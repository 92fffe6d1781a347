"""From a rule that picks one point to a HyperOpt `suggest` function: what all algorithms of ours share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from hyperopt.base import Domain, Trials

from orchestrator.search.dimensions import dimensions_of
from orchestrator.search.history import History
from orchestrator.search.parzen import Kernels
from orchestrator.search.points import Points, PointSpace

Suggest = Callable[..., list[dict[str, Any]]]
"""HyperOpt's form of an algorithm: from new ids, domain, trials and seed to documents."""

PickPoint = Callable[[History, np.random.Generator], Points | None]
"""Gives the point to try next, or None if no new one was found."""

PROPOSALS = 96
"""Points that are drawn, the best of which is suggested."""

BATCHES = 8
"""If all proposals are known, so many batches are drawn from the prior, each twice the last one's size."""


@dataclass(frozen=True)
class _Known:
    """A history with the algorithm's view of it."""

    history: History
    domain: Domain
    training_labels: frozenset[str]


_known: "WeakKeyDictionary[Trials, _Known]" = WeakKeyDictionary()


def suggest_by(
    pick: PickPoint,
    new_ids: list[int],
    domain: Domain,
    trials: Trials,
    seed: int,
    training_labels: frozenset[str],
) -> list[dict[str, Any]]:
    """Give a document for each of the new ids; fewer, or none, when the rule finds no new point.

    Args:
        training_labels: labels that do not touch the architecture, e.g. the learning rate.

    Raises:
        InputError: the space uses a distribution that is none of `hyperopt.hp`'s.
    """
    history = _history_of(domain, trials, training_labels)
    history.update(trials.trials)
    documents: list[dict[str, Any]] = []
    for new_id in new_ids:
        if documents:
            history.add_open(documents[-1])
        point = pick(history, np.random.default_rng([seed, len(documents)]))
        if point is None:
            break
        documents += _documents(new_id, history.space.write(point.values[0]), domain, trials)
    return documents


def random_point(history: History, rng: np.random.Generator) -> Points | None:
    """Draw from the prior until something new turns up; None if nothing does."""
    for batch in range(BATCHES):
        points = random_points(history, PROPOSALS << batch, rng)
        fresh = np.flatnonzero(history.is_new(points))
        if len(fresh):
            return points[fresh[:1]]
    return None


def random_points(history: History, count: int, rng: np.random.Generator) -> Points:
    """Draw so many from the prior, known ones among them."""
    return Kernels(history.space, 1.0).sample(np.tile(history.space.inactive, (count, 1)), rng)


def _history_of(domain: Domain, trials: Trials, training_labels: frozenset[str]) -> History:
    known = _known.get(trials)
    if known is None or known.domain is not domain or known.training_labels != training_labels:
        history = History(PointSpace(dimensions_of(domain.expr)), training_labels)
        known = _known[trials] = _Known(history, domain, training_labels)
    return known.history


def _documents(new_id: int, drawn: dict[str, list[float]], domain: Domain, trials: Trials) -> list[dict[str, Any]]:
    misc = {
        "tid": new_id,
        "cmd": domain.cmd,
        "workdir": domain.workdir,
        "idxs": {label: [new_id] * len(values) for label, values in drawn.items()},
        "vals": drawn,
    }
    documents: list[dict[str, Any]] = trials.new_trial_docs([new_id], [None], [domain.new_result()], [misc])
    return documents
