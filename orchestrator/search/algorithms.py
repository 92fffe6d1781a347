"""The table of algorithms: name -> HyperOpt `suggest` function."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from orchestrator.domain.deployability import Fit
from orchestrator.domain.errors import InputError
from orchestrator.domain.network_shape import NetworkShape

Suggest = Callable[..., list[dict[str, Any]]]

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
    """A space that tells the shape of a point's network without building it, and on which boards budgets must hold."""

    describe: Callable[[Any], NetworkShape]
    fit: Fit = Fit.ALL


def algorithm_of(
    name: str, candidates: int, training_labels: frozenset[str], networks: DescribedSpace | None = None
) -> Algorithm:
    """Give an algorithm; the experiment file has checked the name.

    Args:
        candidates: how many there are to be; a share of them is drawn at random first.
        training_labels: labels that do not touch the architecture.
        networks: what greybox needs beside the space.

    Raises:
        KeyError: unknown name.
        InputError: greybox, and the space does not describe its networks.
    """
    from hyperopt import rand, tpe

    from orchestrator.search import constrained_tpe, greybox

    startup = constrained_tpe.startup_of(candidates)
    constrained = partial(constrained_tpe.suggest, startup=startup, training_labels=training_labels)
    if name == "greybox":
        if networks is None:
            raise InputError(
                "search: algorithm: 'greybox' needs a search space that has a function describe: docs/extending.md"
            )
        suggest = partial(
            greybox.suggest,
            describe=networks.describe,
            fit=networks.fit,
            startup=startup,
            training_labels=training_labels,
        )
        return Algorithm(suggest, knows_constraints=True)
    table = {
        "random": Algorithm(rand.suggest),
        "tpe": Algorithm(partial(tpe.suggest, n_startup_jobs=RANDOM_STARTS, verbose=False)),
        "ctpe": Algorithm(constrained, knows_constraints=True),
    }
    return table[name]
