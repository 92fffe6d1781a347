"""The table of algorithms: name -> HyperOpt `suggest` function."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from orchestrator.domain.deployability import Fit
from orchestrator.search.described import Describe
from orchestrator.search.observation import ONLY_LIMITS
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

    from orchestrator.search import constrained_tpe, cost_filter, greybox, nsga2, scalarised_tpe, svm_cbo

    startup = constrained_tpe.startup_of(candidates)
    constrained = partial(constrained_tpe.suggest, startup=startup, training_labels=training_labels)
    in_two_phases = partial(
        svm_cbo.suggest,
        startup=startup,
        boundary=svm_cbo.boundary_of(candidates),
        training_labels=training_labels,
    )
    genetic = partial(
        nsga2.suggest,
        population=nsga2.population_of(candidates),
        training_labels=training_labels,
        only_limits=ONLY_LIMITS,
    )
    scalarised = partial(
        scalarised_tpe.suggest, startup=startup, training_labels=training_labels, only_limits=ONLY_LIMITS
    )
    table = {
        "random": Algorithm(rand.suggest),
        "tpe": Algorithm(partial(tpe.suggest, n_startup_jobs=RANDOM_STARTS, verbose=False)),
        "ctpe": Algorithm(constrained, knows_constraints=True),
        "svm-cbo": Algorithm(in_two_phases, knows_constraints=True),
        "nsga2": Algorithm(genetic, knows_constraints=True),
        "scalarised-tpe": Algorithm(scalarised, knows_constraints=True),
    }
    if networks is not None:
        described: dict[str, Any] = {
            "describe": networks.describe,
            "fit": networks.fit,
            "training_labels": training_labels,
        }
        own = partial(greybox.suggest, startup=startup, **described)
        table["greybox"] = Algorithm(own, knows_constraints=True)
        if networks.filters:
            filtered = partial(cost_filter.suggest, inner=table[name].suggest, **described)
            return replace(table[name], suggest=filtered)
    return table[name]
