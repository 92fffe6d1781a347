from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.domain.candidate import Begun
from orchestrator.domain.errors import InputError
from orchestrator.domain.parity import NotCompared
from orchestrator.journal.journal import Journal
from orchestrator.journal.sweep_folder import create_sweep_folder
from tests.records import UNLINKED, VERIFICATION, deployable, ended, over_budget

RECORDS = (
    deployable(),
    over_budget(),
    replace(deployable(), verification=replace(VERIFICATION, against_tflm=NotCompared("no kernel"))),
    ended(UNLINKED),
)


def test_what_was_appended_is_read_back_equal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    assert journal.read() == ()
    for record in RECORDS:
        journal.append(record)
    assert journal.read() == RECORDS


def test_a_last_line_cut_short_by_a_crash_costs_nothing_else(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    for record in RECORDS:
        journal.append(record)
    journal.path.write_bytes(journal.path.read_bytes()[:-20])
    assert journal.read() == RECORDS[:-1]


def test_what_was_begun_stands_between_the_records_in_its_place(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    begun = [Begun("c0001", 0, {"width": 2, "rate": 0.1}), Begun("c0002", 1, {"rate": 2.0})]
    journal.begin(begun[0])
    journal.begin(begun[1])
    journal.append(RECORDS[0])
    assert journal.entries() == (*begun, RECORDS[0])
    assert journal.read() == RECORDS[:1]
    assert type(begun[0].drawn["width"]) is type(journal.entries()[0].drawn["width"])  # type: ignore[union-attr]


def test_a_journal_with_a_line_cut_short_is_written_on_from_the_line_before(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    for record in RECORDS[:2]:
        Journal(path).append(record)
    path.write_bytes(path.read_bytes()[:-20])
    Journal(path).append(RECORDS[2])
    assert Journal(path).read() == (RECORDS[0], RECORDS[2])


def test_a_sweep_gets_a_folder_of_its_own_under_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = create_sweep_folder("digits", None)
    assert folder.root.parent == tmp_path / "sweeps"
    assert folder.candidate("c0001").is_dir()


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for out in (tmp_path, tmp_path / "file"):
        with pytest.raises(InputError, match="new or empty"):
            create_sweep_folder("digits", out)
