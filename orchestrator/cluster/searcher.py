"""The search behind Ray Tune's `Searcher` interface."""

import logging
from collections import deque
from dataclasses import dataclass
from typing import Any

from ray.tune.search import Searcher

from orchestrator.cluster.coordinator import RECORD_KEY
from orchestrator.cluster.screening import Screening, TrainerWatch
from orchestrator.config.json_records import record_from_json
from orchestrator.domain.candidate import Begun, CandidateRecord
from orchestrator.domain.deployability import Fit
from orchestrator.domain.experiment import SearchChoice
from orchestrator.journal.journal import Journal
from orchestrator.search.replay import Replayed, conclude
from orchestrator.search.study import SpaceExhaustedError, Study

logger = logging.getLogger(__name__)

ATTEMPTS = 3
"""A candidate whose coordinator died begins anew, as another trial: Tune's own retries give one death for several
where the dead process owed several answers."""

_NOTHING = Replayed()


@dataclass
class _Candidate:
    begun: Begun
    point: dict[str, Any]
    attempts: int = 0

    @property
    def id(self) -> str:
        return self.begun.candidate_id


class StudySearcher(Searcher):  # type: ignore[misc]
    """Asks the study for each new candidate and tells it how that ended.

    Args:
        search: how many candidates there are to be; then the search is over.
        screening: says whether to measure one more before anything has ended.
        journal: what is handed out is written there first.
        fit: on which of several boards budgets must hold.
        replayed: where the study stands, if it was taken up again: what is in flight is begun anew.
        trainers: how they are used; None: nobody counts them, and as many candidates are under way as Tune allows.
    """

    def __init__(
        self,
        study: Study,
        search: SearchChoice,
        screening: Screening,
        journal: Journal,
        fit: Fit = Fit.ALL,
        replayed: Replayed = _NOTHING,
        trainers: TrainerWatch | None = None,
    ) -> None:
        super().__init__()
        self._study = study
        self._screening = screening
        self._journal = journal
        self._fit = fit
        self._trainers = trainers
        self._under_way: dict[str, _Candidate] = {}
        self._again = deque(_Candidate(begun, study.point(begun.ticket)) for begun in replayed.in_flight)
        self._count = len(replayed.in_flight) + len(replayed.ended)
        self._left = search.candidates - self._count
        for begun in replayed.in_flight:
            screening.begin(begun.candidate_id)
        for record in replayed.ended:
            screening.begin(record.candidate_id)
            screening.end(record.candidate_id, record)

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        candidate = self._again.popleft() if self._again else self._new()
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
        record = None
        if not error and result is not None and RECORD_KEY in result:
            record = record_from_json(result[RECORD_KEY], CandidateRecord)
        conclude(self._study, candidate.begun.ticket, record, self._fit)
        self._screening.end(candidate.id, record)

    def begins_anew(self, candidate_id: str) -> bool:
        """Say whether a candidate whose trial failed is to be tried again."""
        return any(candidate.id == candidate_id for candidate in self._again)

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the journal holds every outcome, and the study is replayed from it."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: see `save`."""

    def _new(self) -> _Candidate | None:
        if self._left <= 0 or self._screening.is_over or not self._wants_more():
            return None
        try:
            ticket, point = self._study.ask()
        except SpaceExhaustedError:
            logger.warning("no point of the search space is left after %d candidates", self._count)
            self._left = 0
            return None
        self._left -= 1
        self._count += 1
        begun = Begun(f"c{self._count:04d}", ticket, self._study.drawn(ticket))
        self._journal.begin(begun)
        self._screening.begin(begun.candidate_id)
        return _Candidate(begun, point)

    def _wants_more(self) -> bool:
        """With nothing under way always: what was heard of the trainers may be old."""
        use = self._trainers.latest() if self._trainers is not None else None
        if use is not None:
            self._screening.see(use)
        return not self._under_way or self._screening.wants_more(use)
