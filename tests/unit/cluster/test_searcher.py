from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ray.tune.search import Searcher

from orchestrator.cluster.coordinator import RECORD_KEY
from orchestrator.cluster.screening import Screening
from orchestrator.cluster.searcher import ATTEMPTS, StudySearcher
from orchestrator.cluster.trainer_queue import TrainerUse
from orchestrator.config.json_records import record_to_json
from orchestrator.domain.candidate import Begun, CandidateRecord
from orchestrator.domain.errors import DeviceSilentError
from orchestrator.domain.experiment import SearchChoice
from orchestrator.domain.outcome import Outcome
from orchestrator.journal.journal import Journal
from orchestrator.search.observation import Observation
from orchestrator.search.replay import Replayed
from orchestrator.search.study import SpaceExhaustedError
from tests.records import deployable, ended, over_budget


class Study:
    """Proposes its own tickets, and remembers what it was told."""

    def __init__(self) -> None:
        self.asked = 0
        self.told: list[tuple[int, float | None]] = []

    def ask(self) -> tuple[int, dict[str, Any]]:
        self.asked += 1
        return self.asked, self.point(self.asked)

    def point(self, ticket: int) -> dict[str, Any]:
        return {"ticket": ticket}

    def drawn(self, ticket: int) -> dict[str, float]:
        return {"x": ticket / 2}

    def tell(self, ticket: int, observation: Observation) -> None:
        self.told.append((ticket, observation.loss))

    def forget(self, ticket: int) -> None:
        self.told.append((ticket, None))


class Trainers:
    """Says what a test says of the trainers."""

    def __init__(self, use: TrainerUse) -> None:
        self.use = use

    def latest(self) -> TrainerUse:
        return self.use


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal.jsonl")


MakeSearcher = Callable[..., tuple[StudySearcher, Study]]


@pytest.fixture
def searcher(journal: Journal) -> MakeSearcher:
    def make(candidates: int, trainings: int | None = None, trainers: Any = None, **more: Any) -> Any:
        study = Study()
        choice = SearchChoice("random", candidates, 100, trainings)
        screening = Screening(2, trainings)
        return StudySearcher(study, choice, screening, journal, trainers=trainers, **more), study  # type: ignore[arg-type]

    return make


def result_of(record: CandidateRecord) -> dict[str, str]:
    return {RECORD_KEY: record_to_json(record)}


ENDED = result_of(deployable(accuracy=0.75))
SLOW = result_of(over_budget())
FAILED = result_of(ended(Outcome.failed(DeviceSilentError("no reply"))))


def test_it_is_over_when_every_candidate_has_ended_and_not_before(searcher: MakeSearcher) -> None:
    search, study = searcher(2)
    assert search.suggest("t1") == {"candidate_id": "c0001", "point": {"ticket": 1}}
    assert search.suggest("t2") == {"candidate_id": "c0002", "point": {"ticket": 2}}
    assert search.suggest("t3") is None
    search.on_trial_complete("t1", ENDED)
    search.on_trial_complete("t2", ENDED)
    assert search.suggest("t4") == Searcher.FINISHED
    assert study.told == [(1, 0.25), (2, 0.25)]


def test_a_candidate_whose_coordinator_died_begins_anew_as_another_trial(searcher: MakeSearcher) -> None:
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


def test_a_candidate_whose_coordinator_dies_again_and_again_is_given_up_and_teaches_nothing(
    searcher: MakeSearcher,
) -> None:
    search, study = searcher(1)
    for number in range(ATTEMPTS):
        assert search.suggest(f"t{number}") != Searcher.FINISHED
        search.on_trial_complete(f"t{number}", error=True)
    assert not search.begins_anew("c0001")
    assert search.suggest("last") == Searcher.FINISHED
    assert study.told == [(1, None)]


def test_it_is_over_when_the_space_is_exhausted(searcher: MakeSearcher, monkeypatch: pytest.MonkeyPatch) -> None:
    search, study = searcher(5)
    search.suggest("t1")

    def nothing_left() -> tuple[int, dict[str, Any]]:
        raise SpaceExhaustedError

    monkeypatch.setattr(study, "ask", nothing_left)
    assert search.suggest("t2") is None
    search.on_trial_complete("t1", ENDED)
    assert search.suggest("t3") == Searcher.FINISHED


def test_what_is_handed_out_is_in_the_journal_before_anything_is_done_with_it(
    searcher: MakeSearcher, journal: Journal
) -> None:
    search, _ = searcher(2)
    search.suggest("t1")
    assert journal.entries() == (Begun("c0001", 1, {"x": 0.5}),)
    search.on_trial_complete("t1", error=True)
    search.suggest("t2")  # the same candidate, begun anew
    assert len(journal.entries()) == 1


def test_a_search_taken_up_again_begins_what_was_in_flight_anew_and_counts_what_ended(searcher: MakeSearcher) -> None:
    replayed = Replayed((Begun("c0002", 2, {"x": 1.0}),), (deployable("c0001"),))
    search, study = searcher(3, replayed=replayed)
    study.asked = 2
    assert search.suggest("t1") == {"candidate_id": "c0002", "point": {"ticket": 2}}
    assert search.suggest("t2") == {"candidate_id": "c0003", "point": {"ticket": 3}}
    search.on_trial_complete("t1", ENDED)
    search.on_trial_complete("t2", ENDED)
    assert search.suggest("t3") == Searcher.FINISHED


def all_suggested(search: StudySearcher, at: str = "t") -> list[str]:
    """Ask as Tune does, until there is nothing."""
    trials: list[str] = []
    while isinstance(search.suggest(f"{at}{len(trials)}"), dict):
        trials.append(f"{at}{len(trials)}")
    return trials


def test_at_first_there_are_candidates_for_each_trainer_and_one_more_each_to_wait(searcher: MakeSearcher) -> None:
    search, _ = searcher(100, trainers=Trainers(TrainerUse(free=2)))
    assert len(all_suggested(search)) == 4


def test_nothing_is_suggested_while_as_many_wait_as_there_are_trainers(searcher: MakeSearcher) -> None:
    trainers = Trainers(TrainerUse(free=2))
    search, _ = searcher(100, trainers=trainers)
    all_suggested(search)
    trainers.use = TrainerUse(0, waiting=("c0003", "c0004"), training=("c0001", "c0002"))
    assert search.suggest("more") is None
    trainers.use = TrainerUse(0, waiting=("c0004",), training=("c0003", "c0002"))
    assert len(all_suggested(search, "next")) == 1


def test_where_little_fits_more_are_measured_at_once(searcher: MakeSearcher) -> None:
    trainers = Trainers(TrainerUse(free=2))
    search, _ = searcher(1000, trainers=trainers)
    for round_ in range(4):
        trials = all_suggested(search, f"r{round_}-")
        for trial in trials:
            search.on_trial_complete(trial, SLOW)
    assert len(all_suggested(search)) > 20  # of some 80 none fitted


def test_something_is_always_under_way_even_where_old_news_say_that_enough_wait(searcher: MakeSearcher) -> None:
    search, _ = searcher(2, trainers=Trainers(TrainerUse(0, waiting=("c0007", "c0008"), training=("c0005", "c0006"))))
    assert search.suggest("t1") is not None
    assert search.suggest("t2") is None
    search.on_trial_complete("t1", ENDED)
    assert search.suggest("t3") is not None


def test_never_more_are_trained_than_may_be_and_what_failed_is_made_up_for(searcher: MakeSearcher) -> None:
    search, study = searcher(100, trainings=3)
    first = all_suggested(search)
    assert len(first) == 3  # all of them might fit
    for trial, result in zip(first, (ENDED, SLOW, FAILED), strict=True):
        search.on_trial_complete(trial, result)
    second = all_suggested(search, "second")
    assert len(second) == 2
    for trial in second:
        search.on_trial_complete(trial, ENDED)
    assert search.suggest("last") == Searcher.FINISHED
    assert study.asked == 5
