from typing import Any

import pytest
from ray.tune.search import Searcher

from orchestrator.cluster.coordinator import RECORD_KEY
from orchestrator.cluster.searcher import ATTEMPTS, StudySearcher
from orchestrator.config.json_records import record_to_json
from orchestrator.search.observation import Observation
from orchestrator.search.study import SpaceExhaustedError
from tests.records import deployable


class Study:
    """Proposes its own tickets, and remembers what it was told."""

    def __init__(self) -> None:
        self.asked = 0
        self.told: list[tuple[int, float | None]] = []

    def ask(self) -> tuple[int, dict[str, Any]]:
        self.asked += 1
        return self.asked, {"ticket": self.asked}

    def tell(self, ticket: int, observation: Observation) -> None:
        self.told.append((ticket, observation.loss))

    def forget(self, ticket: int) -> None:
        self.told.append((ticket, None))


def searcher(candidates: int) -> tuple[StudySearcher, Study]:
    study = Study()
    return StudySearcher(study, candidates), study  # type: ignore[arg-type]


ENDED = {RECORD_KEY: record_to_json(deployable(accuracy=0.75))}


def test_it_is_over_when_every_candidate_has_ended_and_not_before() -> None:
    search, study = searcher(2)
    assert search.suggest("t1") == {"candidate_id": "c0001", "point": {"ticket": 1}}
    assert search.suggest("t2") == {"candidate_id": "c0002", "point": {"ticket": 2}}
    assert search.suggest("t3") is None
    search.on_trial_complete("t1", ENDED)
    search.on_trial_complete("t2", ENDED)
    assert search.suggest("t4") == Searcher.FINISHED
    assert study.told == [(1, 0.25), (2, 0.25)]


def test_a_candidate_whose_coordinator_died_begins_anew_as_another_trial() -> None:
    search, study = searcher(1)
    first = search.suggest("t1")
    search.on_trial_complete("t1", error=True)
    assert search.begins_anew("c0001")
    assert search.suggest("t2") == first
    assert not search.begins_anew("c0001")
    assert study.told == []
    search.on_trial_complete("t2", ENDED)
    assert search.suggest("t3") == Searcher.FINISHED
    assert (study.asked, study.told) == (1, [(1, 0.25)])


def test_a_candidate_whose_coordinator_dies_again_and_again_is_given_up_and_teaches_nothing() -> None:
    search, study = searcher(1)
    for number in range(ATTEMPTS):
        assert search.suggest(f"t{number}") != Searcher.FINISHED
        search.on_trial_complete(f"t{number}", error=True)
    assert not search.begins_anew("c0001")
    assert search.suggest("last") == Searcher.FINISHED
    assert study.told == [(1, None)]


def test_it_is_over_when_the_space_is_exhausted(monkeypatch: pytest.MonkeyPatch) -> None:
    search, study = searcher(5)
    search.suggest("t1")

    def nothing_left() -> tuple[int, dict[str, Any]]:
        raise SpaceExhaustedError

    monkeypatch.setattr(study, "ask", nothing_left)
    assert search.suggest("t2") is None
    search.on_trial_complete("t1", ENDED)
    assert search.suggest("t3") == Searcher.FINISHED
