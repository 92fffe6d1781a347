"""The search behind Ray Tune's `Searcher` interface."""

import logging
from collections import deque
from dataclasses import dataclass
from typing import Any

from ray.tune.search import Searcher

from orchestrator.cluster.coordinator import RECORD_KEY
from orchestrator.config.json_records import record_from_json
from orchestrator.domain.candidate import CandidateRecord
from orchestrator.domain.deployability import Fit
from orchestrator.search.observation import observation_of
from orchestrator.search.study import SpaceExhaustedError, Study

logger = logging.getLogger(__name__)

ATTEMPTS = 3
"""A candidate whose coordinator died begins anew, as another trial: Tune's own retries give one death for several
where the dead process owed several answers."""


@dataclass
class _Candidate:
    id: str
    ticket: int
    point: dict[str, Any]
    attempts: int = 0


class StudySearcher(Searcher):  # type: ignore[misc]
    """Asks the study for each new candidate and tells it how that ended.

    Args:
        candidates: how many there are to be; then the search is over.
        fit: on which of several boards budgets must hold.
    """

    def __init__(self, study: Study, candidates: int, fit: Fit = Fit.ALL) -> None:
        super().__init__()
        self._study = study
        self._left = candidates
        self._fit = fit
        self._count = 0
        self._under_way: dict[str, _Candidate] = {}
        self._again: deque[_Candidate] = deque()

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        candidate = self._next()
        if candidate is None:
            return None if self._under_way else str(Searcher.FINISHED)
        candidate.attempts += 1
        self._under_way[trial_id] = candidate
        return {"candidate_id": candidate.id, "point": candidate.point}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        candidate = self._under_way.pop(trial_id)
        if error and candidate.attempts < ATTEMPTS:
            self._again.append(candidate)
            return
        observation = None
        if not error and result is not None and RECORD_KEY in result:
            observation = observation_of(record_from_json(result[RECORD_KEY], CandidateRecord), self._fit)
        if observation is None:
            self._study.forget(candidate.ticket)
        else:
            self._study.tell(candidate.ticket, observation)

    def begins_anew(self, candidate_id: str) -> bool:
        """Say whether a candidate whose trial failed is to be tried again."""
        return any(candidate.id == candidate_id for candidate in self._again)

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the journal holds every outcome, and the study is replayed from it."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: see `save`."""

    def _next(self) -> _Candidate | None:
        if self._again:
            return self._again.popleft()
        if not self._left:
            return None
        try:
            ticket, point = self._study.ask()
        except SpaceExhaustedError:
            logger.warning("no point of the search space is left after %d candidates", self._count)
            self._left = 0
            return None
        self._left -= 1
        self._count += 1
        return _Candidate(f"c{self._count:04d}", ticket, point)
