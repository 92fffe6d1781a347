"""HyperOpt's trials as a study keeps them: nothing is gone through again because one more was added.

HyperOpt's own copy every document that is inserted, and `refresh`, without which none of them is seen, makes the list
of all of them anew: of thousands of points, for each that is asked for.
"""

from collections.abc import Mapping
from typing import Any

import hyperopt
from hyperopt.base import JOB_STATE_DONE, Domain

Document = dict[str, Any]

_INACTIVE: list[Any] = []
"""Shared by all labels that a point lacks; nobody writes into documents."""


class StudyTrials(hyperopt.Trials):  # type: ignore[misc]
    """Documents in the order of their tickets, seen by an algorithm as soon as they are added."""

    def __init__(self) -> None:
        super().__init__(refresh=False)
        self._trials = self._dynamic_trials

    def refresh(self) -> None:
        """Nothing: there is one list."""

    def add(self, domain: Domain, ticket: int, drawn: Mapping[str, int | float]) -> Document:
        """Add an open point and give its document."""
        active = [ticket]
        misc = {
            "tid": ticket,
            "cmd": domain.cmd,
            "workdir": domain.workdir,
            "idxs": {label: active if label in drawn else _INACTIVE for label in domain.params},
            "vals": {label: [drawn[label]] if label in drawn else _INACTIVE for label in domain.params},
        }
        document: Document = self.new_trial_docs([ticket], [None], [domain.new_result()], [misc])[0]
        self._trials.append(document)
        return document

    def close(self, document: Document, result: Mapping[str, Any]) -> None:
        """Give a point its result."""
        document["result"] = dict(result)
        document["state"] = JOB_STATE_DONE

    def drop(self, document: Document) -> None:
        """Take a point away as if it had never been."""
        self._trials[:] = [each for each in self._trials if each is not document]
