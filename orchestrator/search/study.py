"""Ask for a point of the space, tell what came of it: HyperOpt's trials without its evaluation loop."""

from collections.abc import Mapping
from random import Random
from typing import Any

import hyperopt
from hyperopt.base import Domain

from orchestrator.search.algorithms import DescribedSpace, algorithm_of
from orchestrator.search.loss import penalised_loss
from orchestrator.search.observation import Observation
from orchestrator.search.trials import Document, StudyTrials

USUAL_CANDIDATES = 100


class SpaceExhaustedError(Exception):
    """No point of the space is left that could be suggested."""


class Study:
    """The memory of one sweep's search; the same answers in the same order give the same questions.

    Args:
        candidates: how many there are to be; a share of them is drawn at random first.
        training_labels: labels of the space that do not touch the architecture.
        networks: what greybox needs beside the space.
    """

    def __init__(
        self,
        space: Any,
        algorithm: str,
        seed: int,
        candidates: int = USUAL_CANDIDATES,
        training_labels: frozenset[str] = frozenset(),
        networks: DescribedSpace | None = None,
    ) -> None:
        self._space = space
        self._algorithm = algorithm_of(algorithm, candidates, training_labels, networks)
        self._seed = seed
        self._domain = Domain(lambda point: 0.0, space)
        self._trials = StudyTrials()
        self._open: dict[int, Document] = {}
        self._next_ticket = 0

    def ask(self) -> tuple[int, dict[str, Any]]:
        """Propose a point; gives its ticket and the point as the space's builder takes it.

        Raises:
            SpaceExhaustedError: every point of the space was proposed, or is known not to fit.
        """
        ticket = self._next_ticket
        # A seed of the ticket's own: a study that recalls what was told goes on as the one that was told it.
        seed = Random(f"{self._seed} {ticket}").randrange(2**31)
        documents = self._algorithm.suggest([ticket], self._domain, self._trials, seed)
        if not documents:
            raise SpaceExhaustedError
        self._add(ticket, _drawn_in(documents[0]))
        return ticket, self.point(ticket)

    def drawn(self, ticket: int) -> dict[str, int | float]:
        """Give what was drawn for the active labels of an open point.

        Raises:
            KeyError: no open point has this ticket.
        """
        return _drawn_in(self._open[ticket])

    def point(self, ticket: int) -> dict[str, Any]:
        """Give an open point as the space's builder takes it.

        Raises:
            KeyError: no open point has this ticket.
        """
        point: dict[str, Any] = _plain(hyperopt.space_eval(self._space, self.drawn(ticket)))
        return point

    def recall(self, ticket: int, drawn: Mapping[str, int | float], observation: Observation | None = None) -> None:
        """Put back a point of an earlier run, with what it was told; without, the point is open again.

        Points must come in the order of their tickets, before any is asked for.

        Raises:
            ValueError: the ticket does not come after all others, or the space has no such label.
        """
        if ticket < self._next_ticket:
            raise ValueError(f"tickets must rise: {ticket} comes after {self._next_ticket - 1}")
        if unknown := sorted(drawn.keys() - self._domain.params.keys()):
            raise ValueError(f"the space has no {', '.join(unknown)}")
        self._add(ticket, drawn)
        if observation is not None:
            self.tell(ticket, observation)

    def tell(self, ticket: int, observation: Observation) -> None:
        """Teach what came of a point.

        Raises:
            KeyError: no open point has this ticket.
        """
        self._trials.close(self._open.pop(ticket), self._result_of(observation))

    def forget(self, ticket: int) -> None:
        """Close a point of which nothing was learned: no good score, no bad one."""
        document = self._open.pop(ticket)
        if self._algorithm.knows_constraints:
            self._trials.close(document, {"status": hyperopt.STATUS_FAIL})
        else:  # HyperOpt's TPE counts a point without a loss among the bad ones, failed or not
            self._trials.drop(document)

    def _result_of(self, observation: Observation) -> dict[str, Any]:
        costs = [vars(each) for each in observation.costs]
        if not self._algorithm.knows_constraints:
            return {"status": hyperopt.STATUS_OK, "loss": penalised_loss(observation), "costs": costs}
        constraints = dict(observation.violations)
        if observation.loss is None:
            return {"status": hyperopt.STATUS_FAIL, "constraints": constraints, "costs": costs}
        return {
            "status": hyperopt.STATUS_OK,
            "loss": observation.loss,
            "constraints": constraints,
            "epoch_losses": list(observation.epoch_losses),
            "stopped": observation.stopped,
            "costs": costs,
        }

    def _add(self, ticket: int, drawn: Mapping[str, int | float]) -> None:
        self._open[ticket] = self._trials.add(self._domain, ticket, drawn)
        self._next_ticket = ticket + 1


def _drawn_in(document: Document) -> dict[str, int | float]:
    return {label: _plain(values[0]) for label, values in document["misc"]["vals"].items() if len(values)}


def _plain(value: Any) -> Any:
    """Turn tuples and numpy scalars of `space_eval` into what JSON and YAML know."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.item() if hasattr(value, "item") else value
