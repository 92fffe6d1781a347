import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import get_args

import pytest

from orchestrator.config.experiment_file import _SearchFile
from orchestrator.domain.candidate import Begun
from orchestrator.domain.deployability import Fit
from orchestrator.domain.errors import InputError
from orchestrator.journal.journal import Entry, Journal
from orchestrator.search.replay import conclude, replay
from tests.records import deployable
from tests.unit.search.journaled_search import carry_on, new_study

ALGORITHMS = get_args(_SearchFile.model_fields["algorithm"].annotation)


def until_the_next_is_begun(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Give the entries up to the first that says what was handed out."""
    for count, entry in enumerate(entries):
        if isinstance(entry, Begun):
            return entries[: count + 1]
    return ()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_journal_cut_at_any_line_gives_the_search_that_the_uninterrupted_one_was(
    tmp_path: Path, algorithm: str
) -> None:
    """With several under way, some of which end out of turn or fail."""
    journal = Journal(tmp_path / "journal.jsonl")
    carry_on(journal.path, algorithm, 30)
    entries = journal.entries()
    assert len(entries) == 60
    for cut in range(len(entries)):
        study = new_study(algorithm)
        replayed = replay(study, entries[:cut])
        tickets = {begun.candidate_id: begun.ticket for begun in replayed.in_flight}
        for entry in until_the_next_is_begun(entries[cut:]):
            if isinstance(entry, Begun):
                ticket, _ = study.ask()
                assert (ticket, study.drawn(ticket)) == (entry.ticket, entry.drawn), cut
            else:
                conclude(study, tickets[entry.candidate_id], entry, Fit.ALL)


def killed_at(path: Path, lines: int, candidates: int) -> bool:
    """Carry a search on in a process of its own, killed once the journal has so many lines; says whether it was."""
    words = [sys.executable, "-m", "tests.unit.search.journaled_search", str(path), "ctpe", str(candidates)]
    process = subprocess.Popen(words)
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if path.exists() and path.read_bytes().count(b"\n") >= lines:
            os.kill(process.pid, signal.SIGKILL)
            break
        time.sleep(0.001)
    return process.wait() == -signal.SIGKILL


def test_a_search_killed_again_and_again_ends_with_the_journal_of_one_that_never_was(tmp_path: Path) -> None:
    candidates = 150
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    carry_on(whole, "ctpe", candidates)
    for lines in (7, 60):
        assert killed_at(cut, lines, candidates)
    begun = cut.read_bytes().count(b"\n")
    assert 60 <= begun < 2 * candidates
    carry_on(cut, "ctpe", candidates)
    assert cut.read_bytes() == whole.read_bytes()


def test_a_candidate_without_an_outcome_is_open_again_with_its_own_id_and_point() -> None:
    drawn = {"x": 0.25, "kind": 0}
    study = new_study("ctpe")
    replayed = replay(study, [Begun("c0001", 0, {"x": -0.5, "kind": 0}), Begun("c0002", 1, drawn), deployable("c0001")])
    assert [(begun.candidate_id, begun.ticket) for begun in replayed.in_flight] == [("c0002", 1)]
    assert [record.candidate_id for record in replayed.ended] == ["c0001"]
    assert study.point(1) == {"x": 0.25, "kind": {"name": "a"}}
    assert study.drawn(1) == drawn


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (deployable("c0003"), "journal: c0003 ended, but nothing says what was drawn for it"),
        (Begun("c0003", 2, {"filters": 1}), "journal: c0003 is of another search: the space has no filters"),
    ],
)
def test_a_journal_of_another_search_is_refused(entry: Entry, says: str) -> None:
    with pytest.raises(InputError, match=says):
        replay(new_study("tpe"), [entry])
