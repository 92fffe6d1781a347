"""A small sweep through the command line, with nothing replaced, read back from MLflow."""

import json
import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from orchestrator.domain.outcome import Status
from orchestrator.journal.journal import Journal
from tests.end_to_end.conftest import CommandLine

SMALL = Path(__file__).with_name("small.yaml")
NOISE = re.compile(r"tensorflow|absl|raylet|\(pid=|WARNING|I0000|fully_quantize|Traceback", re.IGNORECASE)


@pytest.fixture(scope="module")
def finished(mcutune_for_module: Callable[[], CommandLine]) -> Any:
    """The small sweep, run once for all tests of this file: command line, completed process, its directory."""
    mcutune = mcutune_for_module()
    done = mcutune.run("sweep", SMALL, timeout_s=280)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (mcutune.folder / "sweeps").iterdir()
    return mcutune, done, folder


def runs_of(folder: Path) -> tuple[MlflowClient, Any, list[Any]]:
    client = MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("digits-small")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    (parent,) = (run for run in runs if "mlflow.parentRunId" not in run.data.tags)
    return client, parent, [run for run in runs if run is not parent]


def test_the_terminal_shows_the_products_own_output_only(finished: Any) -> None:
    _, done, folder = finished
    assert not NOISE.search(done.stdout + done.stderr), done.stdout + done.stderr
    assert done.stderr == ""
    assert "[8/8]" in done.stdout
    assert f"--backend-store-uri sqlite:///{folder}/mlflow.db" in done.stdout
    for column in ("accuracy", "RAM KiB", "flash KiB", "cycles", "latency ms", "outcome"):
        assert column in done.stdout


def test_no_process_is_left(finished: Any) -> None:
    mcutune, _, _ = finished
    assert mcutune.processes_left() == {}


def test_every_candidate_has_one_outcome_in_the_journal_and_one_child_run(finished: Any) -> None:
    _, _, folder = finished
    records = Journal(folder / "journal.jsonl").read()
    assert sorted(record.candidate_id for record in records) == [f"c{number:04d}" for number in range(1, 9)]
    _, parent, children = runs_of(folder)
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}
    outcome_of = {run.data.tags["candidate_id"]: run.data.tags["outcome"] for run in children}
    assert outcome_of == {record.candidate_id: record.outcome.status.value for record in records}
    assert len({run.info.run_name for run in children}) == 8
    assert "RUNNING" not in {run.info.status for run in (parent, *children)}


def test_the_sweep_shows_deployable_and_infeasible_networks_and_no_failure(finished: Any) -> None:
    _, _, folder = finished
    statuses = {record.outcome.status for record in Journal(folder / "journal.jsonl").read()}
    assert {Status.DEPLOYABLE, Status.INFEASIBLE} <= statuses
    assert Status.FAILED not in statuses


def test_only_networks_that_fit_were_trained(finished: Any) -> None:
    _, _, folder = finished
    for record in Journal(folder / "journal.jsonl").read():
        if record.outcome.status is Status.INFEASIBLE and record.verification is None:
            assert record.epochs == ()


def test_a_deployable_candidate_was_verified_on_the_board(finished: Any) -> None:
    _, _, folder = finished
    client, _, children = runs_of(folder)
    deployable = [run for run in children if run.data.tags["outcome"] == "deployable"]
    for run in deployable:
        assert run.data.tags["parity_host"] == "exact"
        assert run.data.tags["cycles_source"] == "virtual-timing-model"
        assert run.data.metrics["ram_bytes"] <= 24 * 1024
        assert run.data.metrics["latency_ms"] <= 10
        assert abs(run.data.metrics["cycles_drift"]) < 0.01
        files = {file.path for file in client.list_artifacts(run.info.run_id)}
        assert {"model.tflite", "firmware.elf", "model.c", "serial.log"} <= files
        assert len(client.get_metric_history(run.info.run_id, "val_accuracy")) >= 1


def test_the_test_split_is_reported_for_the_winner_alone(finished: Any) -> None:
    _, _, folder = finished
    _, parent, children = runs_of(folder)
    assert 0.1 < parent.data.metrics["test_accuracy"] <= 1.0
    assert all("test_accuracy" not in run.data.metrics for run in children)


def test_ctrl_c_ends_the_sweep_cleanly(mcutune: CommandLine) -> None:
    process = mcutune.start("sweep", SMALL, "--out", "stopped")
    folder = mcutune.folder / "stopped"
    deadline = time.monotonic() + 200
    while len(Journal(folder / "journal.jsonl").read()) < 2:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the command and all that it started
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert mcutune.processes_left() == {}
    _, parent, children = runs_of(folder)
    assert parent.info.status == "KILLED"
    assert len(children) == len(Journal(folder / "journal.jsonl").read())
    assert "RUNNING" not in {run.info.status for run in children}


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("latency: 7ms", "latencyy: 7ms", "did you mean 'latency'?"),
        ("search_spaces.digits", "search_spaces.digitz", "no module 'search_spaces.digitz'"),
        ("dataset: digits", "dataset: mine.npz", "no such file"),
    ],
)
def test_a_mistake_in_the_experiment_ends_with_one_line_and_code_2(
    mcutune: CommandLine, right: str, wrong: str, says: str
) -> None:
    bad = mcutune.folder / "bad.yaml"
    bad.write_text(SMALL.read_text().replace(right, wrong))
    done = mcutune.run("sweep", bad)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert says in done.stderr
    assert [path.name for path in mcutune.folder.iterdir()] == ["bad.yaml"]


def test_the_store_holds_no_run_twice(finished: Any) -> None:
    _, _, folder = finished
    with sqlite3.connect(folder / "mlflow.db") as database:
        (count,) = database.execute("select count(*) from runs").fetchone()
    assert count == 9


def test_the_journal_is_plain_json_lines(finished: Any) -> None:
    _, _, folder = finished
    for line in (folder / "journal.jsonl").read_text().splitlines():
        assert json.loads(line)["candidate_id"]
