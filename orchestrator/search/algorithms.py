"""The table of algorithms: name -> HyperOpt `suggest` function."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from orchestrator.domain.deployability import Fit
from orchestrator.search.described import Describe
from orchestrator.search.suggesting import Suggest

RANDOM_STARTS = 8


@dataclass(frozen=True)
class Algorithm:
    """How points are suggested.

    Attributes:
        knows_constraints: it is told violations; others are told a loss with a penalty.
    """

    suggest: Suggest
    knows_constraints: bool = False


@dataclass(frozen=True)
class DescribedSpace:
    """A space that tells the shape of a point's network without building it, and on which boards budgets must hold.

    Attributes:
        filters: whatever is suggested must be likely to keep its budgets.
    """

    describe: Describe
    fit: Fit = Fit.ALL
    filters: bool = False


def algorithm_of(
    name: str, candidates: int, training_labels: frozenset[str], networks: DescribedSpace | None = None
) -> Algorithm:
    """Give an algorithm; the experiment file has checked the name.

    Args:
        candidates: how many there are to be; a share of them is drawn at random first.
        training_labels: labels that do not touch the architecture.
        networks: what greybox needs beside the space, as an algorithm or as a filter.

    Raises:
        KeyError: unknown name.
    """
    from hyperopt import rand, tpe

    from orchestrator.search import constrained_tpe, cost_filter, greybox

    own: dict[str, Any] = {"startup": constrained_tpe.startup_of(candidates), "training_labels": training_labels}
    table = {
        "random": Algorithm(rand.suggest),
        "tpe": Algorithm(partial(tpe.suggest, n_startup_jobs=RANDOM_STARTS, verbose=False)),
        "ctpe": Algorithm(partial(constrained_tpe.suggest, **own), knows_constraints=True),
    }
    if networks is not None:
        described: dict[str, Any] = {"describe": networks.describe, "fit": networks.fit}
        table["greybox"] = Algorithm(partial(greybox.suggest, **own, **described), knows_constraints=True)
        if networks.filters:
            inner = table[name].suggest
            filtered = partial(cost_filter.suggest, inner=inner, training_labels=training_labels, **described)
            return replace(table[name], suggest=filtered)
    return table[name]
