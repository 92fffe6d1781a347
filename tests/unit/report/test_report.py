from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from orchestrator.domain.errors import DeviceSilentError
from orchestrator.domain.experiment import SearchChoice
from orchestrator.domain.measurement import CyclesSource, MeasuredClock, MemorySetting
from orchestrator.domain.model import MemoryPlan
from orchestrator.domain.outcome import Outcome
from orchestrator.domain.parity import NotCompared, ParityReport
from orchestrator.pipeline.measure_model import ModelReport
from orchestrator.report.candidate_table import candidate_table
from orchestrator.report.measure_json import report_as_json
from orchestrator.report.measure_text import report_as_text
from orchestrator.report.progress import SweepProgress
from orchestrator.report.summary import count_line, failure_lines, winner_of
from tests.records import ENERGY, EPOCHS, MEASUREMENT, deployable, ended, held, measured, over_budget

STOPPED = ended(Outcome.stopped(3, held(MEASUREMENT)), "c0004", epochs=EPOCHS)
FAILED = ended(Outcome.failed(DeviceSilentError("no reply")), "c0005")
RECORDS = [over_budget(), FAILED, STOPPED, deployable("c0001", 0.8), deployable("c0002", 0.9)]


def printed(width: int = 140) -> list[str]:
    console = Console(file=StringIO(), width=width)
    console.print(candidate_table(RECORDS, "c0002"))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def test_the_table_has_the_best_first_and_marks_the_winner() -> None:
    rows = [line for line in printed() if "c000" in line]
    assert [row.split()[0] for row in rows] == ["c0002", "c0001", "c0004", "c0003", "c0005"]
    assert "*" in rows[0]
    assert "90.0%" in rows[0]
    assert "~60.0%" in rows[2]
    assert "infeasible: latency +100%" in rows[3]
    assert "silent: no reply" in rows[4]


def test_the_table_keeps_its_figures_on_a_narrow_terminal() -> None:
    text = "\n".join(printed(width=80))
    assert all(part in text for part in ("90.0%", "400,000", "5.00", "latency ms"))


def test_the_winner_is_the_most_accurate_and_of_equals_the_fastest() -> None:
    assert winner_of(RECORDS) == RECORDS[-1]
    assert winner_of([over_budget(), STOPPED]) is None
    slow = deployable("c0009", 0.9)
    assert slow.verification is not None
    object.__setattr__(slow.verification, "measurements", (measured(cycles=500_000),))
    assert winner_of([slow, RECORDS[-1]]) == RECORDS[-1]


def test_counts_and_failures_are_said_in_words() -> None:
    assert count_line(RECORDS) == "2 deployable, 1 stopped, 1 infeasible, 1 failed"
    assert failure_lines(RECORDS) == ["1 candidate(s) failed for silent; the search was not told"]


def test_progress_counts_what_ended_and_estimates_the_time_left() -> None:
    clock = iter([0.0, *[60.0] * 20])
    console = Console(file=StringIO(), width=140)
    with SweepProgress(console, SearchChoice("random", 4, 2), now=lambda: next(clock)) as progress:
        progress.on_started("c0001")
        progress.on_started("c0003")
        progress.on_finished(over_budget())
        progress.on_finished(deployable())
        progress.on_started("c0004")
        progress.on_progress(STOPPED)
        assert progress.summary() == (
            "2/4 done · 1 infeasible · 0 failed · best 90.0% · about 60 s left  (c0004 epoch 3)"
        )
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines[1].startswith("[1/4] c0003: infeasible, over budget: latency")


def test_progress_counts_trainings_where_there_is_a_limit_and_ends_with_what_is_used_up_first() -> None:
    clock = iter([0.0, *[60.0] * 20])
    with SweepProgress(Console(file=StringIO()), SearchChoice("random", 400, 2, 3), lambda: next(clock)) as progress:
        progress.on_finished(over_budget())
        progress.on_finished(deployable())
        assert progress.summary() == (
            "2/400 done · 1/3 trained · 1 infeasible · 0 failed · best 90.0% · about 2 min left"
        )


@pytest.mark.parametrize(
    ("parity", "line", "figures"),
    [
        (
            ParityReport(4, True, True, 0),
            "with TFLM over 4 samples: exact",
            {"samples": 4, "exact": True, "within_1_lsb": True, "worst_lsb": 0},
        ),
        (
            ParityReport(4, False, False, 7),
            "with TFLM over 4 samples: worst 7 LSB",
            {"samples": 4, "exact": False, "within_1_lsb": False, "worst_lsb": 7},
        ),
        (
            NotCompared("no kernel"),
            "with TFLM: not compared: no kernel",
            {"samples": 0, "exact": None, "within_1_lsb": None, "worst_lsb": None, "not_compared": "no kernel"},
        ),
    ],
)
def test_parity_is_told_or_why_there_is_none(
    parity: ParityReport | NotCompared, line: str, figures: dict[str, object]
) -> None:
    report = ModelReport(MEASUREMENT, parity, MemoryPlan(3000, 3000, ()))
    assert f"parity    {line}" in report_as_text(report).splitlines()
    assert "parity    with the host build of the same C: exact" in report_as_text(report).splitlines()
    assert report_as_json(report)["parity"] == figures


def test_instructions_are_not_taken_for_time() -> None:
    plan = MemoryPlan(0, 0, ())
    counted = replace(MEASUREMENT, cycles_source=CyclesSource.RENODE)
    report = ModelReport(counted, NotCompared("not run"), plan)
    assert report_as_json(report)["latency_s"] is None
    assert "latency   not known: instructions were counted" in report_as_text(report)
    timed = ModelReport(replace(MEASUREMENT, cycles_source=CyclesSource.VIRTUAL), NotCompared("not run"), plan)
    assert report_as_json(timed)["latency_s"] == MEASUREMENT.latency_s


def test_memory_settings_are_told() -> None:
    settings = (MemorySetting("flash-wait-states", 4), MemorySetting("flash-prefetch", 1))
    report = ModelReport(measured(memory_settings=settings), NotCompared("no kernel"), MemoryPlan(3000, 3000, ()))
    assert "settings  flash-wait-states=4 flash-prefetch=1" in report_as_text(report).splitlines()
    assert report_as_json(report)["memory_settings"] == {"flash-wait-states": 4, "flash-prefetch": 1}


def test_energy_and_measured_clock_are_told_where_there_are_any() -> None:
    parity, plan = NotCompared("no kernel"), MemoryPlan(3000, 3000, ())
    bare = ModelReport(MEASUREMENT, parity, plan)
    assert "energy" not in report_as_text(bare)
    assert [report_as_json(bare)[key] for key in ("energy_mj", "energy", "measured_clock")] == [None, None, None]
    metered = ModelReport(measured(energy=ENERGY, measured_clock=MeasuredClock(79.6e6, 0.02)), parity, plan)
    lines = report_as_text(metered).splitlines()
    assert "latency   5.000 ms at 80 MHz (measured: 79.60 MHz +-2.0%)" in lines
    assert "energy    0.3000 mJ at 3.3 V, mean of 20 in 100.0 ms; idle 10.000 mW (meter /dev/ttyACM1)" in lines
    assert report_as_json(metered)["energy_mj"] == pytest.approx(0.3)
    assert report_as_json(metered)["energy"] == {
        "idle_mw": pytest.approx(10.0),
        "bracket_s": 0.1,
        "inferences": 20,
        "voltage_v": 3.3,
        "meter": "/dev/ttyACM1",
    }
    assert report_as_json(metered)["measured_clock"] == {"hz": 79.6e6, "uncertainty": 0.02}
