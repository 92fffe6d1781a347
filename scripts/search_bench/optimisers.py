"""Whoever proposes points: ours by the names of the experiment file, and peers.

All see the same: what was measured of every point, and the loss of those that fitted and so were trained.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from orchestrator.search.observation import Observation
from orchestrator.search.study import Study
from search_bench.enumeration import Drawn
from search_bench.labels import Labels


class Optimiser(Protocol):
    """Asked and told, one point at a time."""

    def ask(self, given: Drawn | None = None) -> tuple[int, Drawn]:
        """Propose a point, or take the one given; gives it with a ticket.

        Raises:
            SpaceExhaustedError: there is none left.
        """

    def tell(self, ticket: int, observation: Observation) -> None:
        """Teach what came of a point; its loss is None where it was not trained."""

    def forget(self, ticket: int) -> None:
        """Take a point back: it is known already."""


@dataclass(frozen=True)
class Setting:
    """What an optimiser is made for.

    Attributes:
        trainings: how many there are to be.
    """

    space: Any
    training_labels: frozenset[str]
    metrics: tuple[str, ...]
    seed: int
    trainings: int


class FailingStudy(Study):
    """Says of what does not fit that it failed, in place of a penalised loss; HyperOpt's TPE counts it as bad."""

    def _result_of(self, observation: Observation) -> dict[str, Any]:
        return super()._result_of(observation) if observation.fits else {"status": "fail"}


class ProjectOptimiser:
    """An algorithm of the experiment file."""

    def __init__(self, setting: Setting, algorithm: str, study: type[Study] = Study) -> None:
        self._study = study(
            setting.space,
            algorithm,
            setting.seed,
            candidates=setting.trainings,
            training_labels=setting.training_labels,
        )
        self._next_ticket = 0

    def ask(self, given: Drawn | None = None) -> tuple[int, Drawn]:
        """See `Optimiser`."""
        if given is not None:
            self._study.recall(self._next_ticket, given)
            ticket = self._next_ticket
        else:
            ticket, _ = self._study.ask()
        self._next_ticket = ticket + 1
        return ticket, self._study.drawn(ticket)

    def tell(self, ticket: int, observation: Observation) -> None:
        """See `Optimiser`."""
        self._study.tell(ticket, observation)

    def forget(self, ticket: int) -> None:
        """See `Optimiser`."""
        self._study.forget(ticket)


class RandomDraws:
    """Draws from the prior, many at once: HyperOpt's take milliseconds each."""

    BATCH = 500

    def __init__(self, setting: Setting) -> None:
        self._labels = Labels(setting.space)
        self._rng = np.random.default_rng([setting.seed, 2])
        self._drawn: list[Drawn] = []

    def ask(self, given: Drawn | None = None) -> tuple[int, Drawn]:
        """See `Optimiser`."""
        if given is not None:
            return 0, given
        if not self._drawn:
            self._drawn = self._labels.draw(self.BATCH, self._rng)
        return 0, self._drawn.pop()

    def tell(self, ticket: int, observation: Observation) -> None:
        """Learn nothing."""

    def forget(self, ticket: int) -> None:
        """Learn nothing."""


Make = Callable[[Setting], Optimiser]

BLIND = frozenset({"optuna-multi-objective", "random-blind"})
"""Who knows no budgets: all that they propose is trained, whether it fits or not."""


def maker_of(name: str) -> Make:
    """Give what makes an optimiser; a name that no peer has is an algorithm of the experiment file."""
    if name in ("random", "random-blind"):
        return RandomDraws
    if name == "hyperopt-fail":
        return lambda setting: ProjectOptimiser(setting, "tpe", FailingStudy)
    if name.startswith("optuna-"):
        from search_bench.optuna_peers import OptunaOptimiser

        return lambda setting: OptunaOptimiser(setting, name.removeprefix("optuna-"))
    if name.startswith("botorch-"):
        from search_bench.botorch_peers import BotorchOptimiser

        return lambda setting: BotorchOptimiser(setting, name.removeprefix("botorch-"))
    return lambda setting: ProjectOptimiser(setting, name)
