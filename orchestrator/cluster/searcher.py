"""The search behind Ray Tune's `Searcher` interface."""

from typing import Any

from ray.tune.search import Searcher

from orchestrator.cluster.coordinator import RECORD_KEY
from orchestrator.config.json_records import record_from_json
from orchestrator.domain.candidate import CandidateRecord
from orchestrator.search.loss import loss_of
from orchestrator.search.study import Study


class StudySearcher(Searcher):  # type: ignore[misc]
    """Asks the study for each new trial's point and tells it how the trial ended."""

    def __init__(self, study: Study) -> None:
        super().__init__()
        self._study = study
        self._tickets: dict[str, int] = {}
        self._count = 0

    def suggest(self, trial_id: str) -> dict[str, Any]:
        self._tickets[trial_id], point = self._study.ask()
        self._count += 1
        return {"candidate_id": f"c{self._count:04d}", "point": point}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        ticket = self._tickets.pop(trial_id)
        loss = None
        if not error and result is not None and RECORD_KEY in result:
            loss = loss_of(record_from_json(result[RECORD_KEY], CandidateRecord))
        if loss is None:
            self._study.forget(ticket)
        else:
            self._study.tell(ticket, loss)

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the journal holds every outcome, and the study is replayed from it."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: see `save`."""
