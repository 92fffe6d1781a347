"""What `mcutune sweep` says and ends with once the sweep itself is over."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orchestrator.cli.sweep import sweep
from orchestrator.domain.candidate import CandidateRecord
from orchestrator.domain.errors import McutuneError
from orchestrator.lab.troubles import BoardTroubles
from orchestrator.report.summary import winner_of
from orchestrator.sweep import SweepResult
from tests.records import deployable, over_budget

QUICKSTART = Path(__file__).parents[2] / "search_spaces" / "digits" / "quickstart.yaml"


def swept(monkeypatch: pytest.MonkeyPatch, folder: Path, changed: tuple[str, str], *records: CandidateRecord) -> Result:
    """Run the command; the sweep in it gives these records."""
    winner = winner_of(records)

    def run_sweep(*_: Any) -> SweepResult:
        return SweepResult(
            records,
            winner.candidate_id if winner else None,
            0.9 if winner else None,
            "sqlite:///m.db",
            (),
            BoardTroubles(),
        )

    monkeypatch.setattr("orchestrator.sweep.run_sweep", run_sweep)
    monkeypatch.setattr("orchestrator.cli.sweep.send_logs_to", lambda *_: None)  # pytest's handlers stay
    experiment = folder / "experiment.yaml"
    experiment.write_text(QUICKSTART.read_text().replace(*changed))
    return CliRunner().invoke(sweep, [str(experiment), "--out", str(folder / "out")])


TWO = ("candidates: 20", "candidates: 2")


def test_a_sweep_in_which_nothing_fits_says_why_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = swept(monkeypatch, tmp_path, TWO, over_budget(candidate_id="c0001"), over_budget(1_000_000, "c0002"))
    assert isinstance(result.exception, McutuneError)  # which `main` turns into one line and exit code 1
    assert str(result.exception) == "no network is deployable: 2 infeasible"
    assert "Tightest budget: latency 10.00 ms, broken by 2 of 2 measured, by +25% at least" in result.output
    assert "Nearest miss: c0002, latency 12.50 ms of 10.00 ms (+25%)" in result.output
    assert "Open the results in MLflow" in result.output


def test_a_sweep_with_a_winner_is_done_even_where_trainings_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = (TWO[0], f"{TWO[1]}\n  trainings: 2")
    result = swept(monkeypatch, tmp_path, changed, deployable("c0001"), over_budget(candidate_id="c0002"))
    assert result.exit_code == 0, result.output
    assert "2 trainings of at most 2 candidates" in result.output
    assert "All 2 candidates are used up, 1 of 2 trainings" in result.output
