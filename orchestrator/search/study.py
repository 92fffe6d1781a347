"""Ask for a point of the space, tell what came of it: HyperOpt's trials without its evaluation loop."""

import random
from typing import Any

import hyperopt
from hyperopt.base import JOB_STATE_DONE, JOB_STATE_NEW, Domain

from orchestrator.search.algorithms import suggest_function


class Study:
    """The memory of one sweep's search; the same answers in the same order give the same questions."""

    def __init__(self, space: Any, algorithm: str, seed: int) -> None:
        self._space = space
        self._suggest = suggest_function(algorithm)
        self._random = random.Random(seed)
        self._domain = Domain(lambda point: 0.0, space)
        self._trials = hyperopt.Trials()

    def ask(self) -> tuple[int, dict[str, Any]]:
        """Propose a point; gives its ticket and the point as the space's builder takes it."""
        tickets = self._trials.new_trial_ids(1)
        self._trials.refresh()
        documents = self._suggest(tickets, self._domain, self._trials, self._random.randrange(2**31))
        self._trials.insert_trial_docs(documents)
        self._trials.refresh()
        values = {label: drawn[0] for label, drawn in documents[0]["misc"]["vals"].items() if drawn}
        return tickets[0], _plain(hyperopt.space_eval(self._space, values))

    def tell(self, ticket: int, loss: float) -> None:
        """Teach what a point was worth (smaller is better)."""
        document = self._open_document(ticket)
        document["state"] = JOB_STATE_DONE
        document["result"] = {"loss": loss, "status": hyperopt.STATUS_OK}
        self._trials.refresh()

    def forget(self, ticket: int) -> None:
        """Close a point of which nothing was learned: no good score, no bad one."""
        document = self._open_document(ticket)
        document["state"] = JOB_STATE_DONE
        document["result"] = {"status": hyperopt.STATUS_FAIL}
        self._trials.refresh()

    def _open_document(self, ticket: int) -> dict[str, Any]:
        # `Trials.trials` is rebuilt by `refresh` from these same documents, so changing one in place is enough.
        for document in self._trials.trials:
            if document["tid"] == ticket and document["state"] == JOB_STATE_NEW:
                found: dict[str, Any] = document
                return found
        raise KeyError(f"no open point with ticket {ticket}")


def _plain(value: Any) -> Any:
    """Turn tuples and numpy scalars of `space_eval` into what JSON and YAML know."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.item() if hasattr(value, "item") else value
