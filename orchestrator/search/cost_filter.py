"""Let an algorithm propose again what will hardly keep its budgets, by what is known of the costs of networks."""

import sys
from math import exp
from random import Random
from typing import Any

from hyperopt.base import Domain, Trials

from orchestrator.domain.deployability import Fit
from orchestrator.search import greybox
from orchestrator.search.described import Describe
from orchestrator.search.suggesting import Suggest

MOST_PROPOSALS = 8
"""For a suggestion: each takes the algorithm's own time, and TPE often insists."""


def suggest(
    new_ids: list[int],
    domain: Domain,
    trials: Trials,
    seed: int,
    *,
    inner: Suggest,
    describe: Describe,
    fit: Fit = Fit.ALL,
    training_labels: frozenset[str] = frozenset(),
) -> list[dict[str, Any]]:
    """Suggest what `inner` suggests, each proposal accepted with the chance that it keeps all budgets.

    When none of `MOST_PROPOSALS` was accepted, something new is drawn at random from what probably keeps them.

    Args:
        inner: the algorithm, a HyperOpt `suggest` function.
        describe, fit, training_labels: see `greybox.suggest`.
    """
    box = greybox.grey_box_of(domain, trials, describe, fit)
    documents: list[dict[str, Any]] = []
    for new_id in new_ids:
        random = Random(f"{seed} {new_id}")
        for _ in range(MOST_PROPOSALS):
            proposed = inner([new_id], domain, trials, random.randrange(2**31))
            if not proposed or random.random() < _chance(box, proposed[0]):
                break
        else:
            proposed = greybox.suggest(
                [new_id],
                domain,
                trials,
                random.randrange(2**31),
                describe=describe,
                fit=fit,
                startup=sys.maxsize,
                training_labels=training_labels,
            )
        documents += proposed
    return documents


def _chance(box: greybox.GreyBox, document: dict[str, Any]) -> float:
    """Give the chance that a proposal keeps its budgets: 0 for what describes no network, else 1 without a model."""
    model, shape = box.model(), box.shape_of(document)
    if shape is None:
        return 0.0
    return 1.0 if model is None else exp(float(model.log_chances([shape])[0]))
