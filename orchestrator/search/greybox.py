"""A search that looks into the box: what a network takes of its board follows from its shape.

A space that describes its networks (see `described.py`) has thousands of proposals judged without building one: RAM,
flash and cycles are predicted by a model that learns from what boards measured, layer by layer (`cost_model.py`). Of
those likely to keep all budgets, the one is suggested where a good network is most likely, by the densities that
`constrained_tpe` has for the objective. Constraints without a model keep their densities.

    hyperopt.fmin(objective, space, algo=partial(greybox.suggest, describe=describe), max_evals=100)

What the objective may return beside what `history.py` lists:

    costs     for each board type {"board": name, "shares": {constraint: measured / limit},
              "layers": [(operator, cycles)]}; without it, 1 + violation are the shares
    layers    [(operator, cycles)] of a result without costs
"""

from collections.abc import Iterable, Mapping
from functools import partial
from math import log
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from hyperopt.base import JOB_STATE_DONE, Domain, Trials
from numpy.typing import NDArray

from orchestrator.domain.deployability import Fit
from orchestrator.domain.network_shape import NetworkShape
from orchestrator.search.constrained_tpe import EXPLORING_SHARE, STARTUP, kernels_of, log_ratios, one_of
from orchestrator.search.cost_model import CostModel, MeasuredNetwork
from orchestrator.search.described import Describe, DescribedNetworks
from orchestrator.search.history import History
from orchestrator.search.observation import AT_LEAST, MEMORIES, NETWORK, BoardCosts
from orchestrator.search.pairs import constraint_pairs, objective_pair
from orchestrator.search.points import Points
from orchestrator.search.suggesting import random_point, random_points, suggest_by

PROPOSALS = 2_000
"""Points that are judged by the model of costs for each that is suggested."""

PRIOR_SHARE = 0.3
"""Of the proposals, those that are drawn from the prior. Half of the others mix what stood in different points."""

LEAST_CHANCE = 0.05
"""Of keeping all budgets: what is less likely is left out while there is anything else."""

MOST_SCORED = 96
"""Proposals that fit by the model and are judged by the densities: more would make it too sure of these."""

FEWEST_MEASURED = 5
"""Networks before the model of costs is used."""


class GreyBox:
    """What is known of the costs of one search's networks.

    Args:
        fit: on which of several boards budgets must hold.
    """

    def __init__(self, domain: Domain, describe: Describe, fit: Fit) -> None:
        self.domain = domain
        self.described = DescribedNetworks(domain, describe)
        self._fit = fit
        self._measured: dict[int, MeasuredNetwork] = {}
        self._seen: set[int] = set()
        self._model: CostModel | None = None
        self._learned = 0

    def update(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """Read what is new."""
        for document in documents:
            if document["state"] == JOB_STATE_DONE and document["tid"] not in self._seen:
                self._seen.add(document["tid"])
                self._read(document)

    def model(self) -> CostModel | None:
        """Give the model of costs, or None while too little is known.

        It depends on what was told, not on the order in which candidates ended.
        """
        if len(self._measured) != self._learned:
            self._learned = len(self._measured)
            by_shape = {self._measured[tid].shape: self._measured[tid] for tid in sorted(self._measured)}
            self._model = CostModel(list(by_shape.values()), self._fit) if len(by_shape) >= FEWEST_MEASURED else None
        return self._model

    def shape_of(self, document: Mapping[str, Any]) -> NetworkShape | None:
        """Give the shape of a document's network; None where there is no valid one."""
        drawn = document["misc"]["vals"].items()
        return self.described.shape({label: values[0] for label, values in drawn if len(values)})

    def _read(self, document: Mapping[str, Any]) -> None:
        costs = _costs_of(document["result"])
        shape = self.shape_of(document) if costs else None
        if shape is not None:
            self._measured[document["tid"]] = MeasuredNetwork(shape, costs)


_known: "WeakKeyDictionary[Trials, GreyBox]" = WeakKeyDictionary()


def suggest(
    new_ids: list[int],
    domain: Domain,
    trials: Trials,
    seed: int,
    *,
    describe: Describe,
    fit: Fit = Fit.ALL,
    startup: int = STARTUP,
    training_labels: frozenset[str] = frozenset(),
) -> list[dict[str, Any]]:
    """Suggest a point for each of the new ids; fewer, or none, when no point of the space is left.

    Args:
        describe: tells the shape of a point's network, quickly: it is asked a thousand times for a suggestion.
        fit: on which of several boards budgets must hold.
        startup: points are drawn at random from what fits until so many were trained.
        training_labels: labels that do not touch the architecture, e.g. the learning rate.

    Raises:
        InputError: the space uses a distribution that is none of `hyperopt.hp`'s.
    """
    pick = partial(suggest_point, box=grey_box_of(domain, trials, describe, fit), startup=startup)
    return suggest_by(pick, new_ids, domain, trials, seed, training_labels)


def grey_box_of(domain: Domain, trials: Trials, describe: Describe, fit: Fit) -> GreyBox:
    """Give what is known of these trials, up to date."""
    box = _known.get(trials)
    if box is None or box.domain is not domain:
        box = _known[trials] = GreyBox(domain, describe, fit)
    box.update(trials.trials)
    return box


def suggest_point(history: History, rng: np.random.Generator, box: GreyBox, startup: int = STARTUP) -> Points | None:
    """Give the point to try next, or None if no new one was found.

    The first, and now and then one ever after, are drawn from what probably keeps the budgets.
    """
    at_random = history.trained_count < startup or rng.random() < EXPLORING_SHARE
    proposals = _proposals(history, rng, at_random)
    proposals = proposals[history.is_new(proposals)]
    shapes = box.described.shapes(history, proposals)
    points = proposals[[shape is not None for shape in shapes]]
    if not len(points):
        return random_point(history, rng)
    model = box.model()
    if model is None:
        return points[:1]
    chances = _log_chances(history, model, points, [shape for shape in shapes if shape is not None])
    chosen = one_of(chances, rng) if at_random else _best(history, points, chances, rng)
    return points[chosen : chosen + 1]


def _proposals(history: History, rng: np.random.Generator, at_random: bool) -> Points:
    good = objective_pair(history).good
    if at_random or not len(good):
        return random_points(history, PROPOSALS, rng)
    prior_count = round(PRIOR_SHARE * PROPOSALS)
    near = history.cells[rng.choice(good, size=PROPOSALS - prior_count)]
    crossed = len(near) // 2
    from_prior = np.tile(history.space.inactive, (prior_count, 1))
    centres = [from_prior, near[crossed:], rng.permuted(near[:crossed], axis=0)]
    return kernels_of(history, len(history.cells)).sample(np.concatenate(centres), rng)


def _log_chances(history: History, model: CostModel, points: Points, shapes: list[NetworkShape]) -> NDArray[np.float64]:
    """Give the logarithm of the chance that all constraints hold, those without a model by their densities."""
    others = list(constraint_pairs(history, without=model.constraints))
    return model.log_chances(shapes) + log_ratios(history, points, others, history.architecture)


def _best(history: History, points: Points, chances: NDArray[np.float64], rng: np.random.Generator) -> int:
    likely = np.flatnonzero(chances >= log(LEAST_CHANCE))
    if not len(likely):
        return int(np.argmax(chances))
    scored = rng.permutation(likely)[:MOST_SCORED]
    everything = np.arange(len(history.space.dimensions))
    scores = log_ratios(history, points[scored], [objective_pair(history)], everything) + chances[scored]
    return int(scored[np.argmax(scores)])


def _costs_of(result: Mapping[str, Any]) -> tuple[BoardCosts, ...]:
    """Give the costs in a result, or those that follow from violations."""
    if result.get("costs"):
        return tuple(BoardCosts(**each) for each in result["costs"])
    violations = {name: each for name, each in result.get("constraints", {}).items() if name not in (NETWORK, MEMORIES)}
    shares = {name: 1.0 + (-each if name.endswith(AT_LEAST) else each) for name, each in violations.items()}
    return (BoardCosts("", shares, tuple(result.get("layers", ()))),) if shares else ()
