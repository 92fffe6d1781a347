"""Against a real local MLflow store."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from orchestrator.domain.errors import DeviceSilentError
from orchestrator.domain.outcome import Outcome
from orchestrator.domain.parity import NotCompared
from orchestrator.journal.sweep_folder import SweepFolder, create_sweep_folder
from orchestrator.tracking.mlflow_tracker import MlflowTracker
from orchestrator.tracking.run_content import hardware_metrics, metrics_of, tags_of
from tests.records import (
    ENERGY,
    EXPERIMENT,
    MEASUREMENT,
    VERIFICATION,
    deployable,
    ended,
    measured,
    over_budget,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> tuple[SweepFolder, Callable[[str], Any], list[Any]]:
    folder = create_sweep_folder("test", tmp_path_factory.mktemp("sweep") / "out")
    (folder.candidate("c0001") / "model.tflite").write_bytes(b"net")
    tracker = MlflowTracker(EXPERIMENT, folder)
    tracker.on_finished(deployable())
    tracker.on_finished(ended(Outcome.failed(DeviceSilentError("no reply"))))
    tracker.on_finished(over_budget())
    tracker.close("FINISHED", {"accuracy": 0.9}, {"winner": "c0001"})
    assert tracker.errors == []
    client = MlflowClient(folder.mlflow_store_uri)
    experiment = client.get_experiment_by_name("test")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    return folder, lambda name: next(run for run in runs if run.info.run_name.endswith(name)), runs


def test_there_is_one_parent_and_one_child_per_candidate_with_unique_names(store: Any) -> None:
    folder, run_named, runs = store
    parent = run_named(folder.root.name)
    children = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
    assert len(runs) == 4
    assert len(children) == 3
    assert len({run.info.run_name for run in runs}) == 4


def test_no_run_is_left_running_and_a_failed_candidate_is_a_failed_run(store: Any) -> None:
    _, run_named, runs = store
    assert "RUNNING" not in {run.info.status for run in runs}
    assert run_named("c0002").info.status == "FAILED"
    assert run_named("c0002").data.tags["cause"] == "silent"


def test_a_child_carries_parameters_figures_outcome_and_files(store: Any) -> None:
    folder, run_named, _ = store
    run = run_named("c0001")
    assert run.data.params["blocks.0.filters"] == "8"
    assert run.data.metrics["accuracy"] == 0.9
    assert run.data.metrics["ram_bytes"] == 4500
    assert run.data.metrics["latency_ms"] == 5.0
    assert run.data.tags["outcome"] == "deployable"
    assert run.data.tags["cycles_source"] == "virtual-timing-model"
    assert (run.info.start_time, run.info.end_time) == (1_000_000, 1_010_000)
    client = MlflowClient(folder.mlflow_store_uri)
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["model.tflite"]
    history = client.get_metric_history(run.info.run_id, "val_accuracy")
    assert [point.step for point in history] == [1, 2, 3]


def test_an_infeasible_child_says_which_budget_broke_and_by_how_much(store: Any) -> None:
    _, run_named, _ = store
    run = run_named("c0003")
    assert run.data.tags["broken_budgets"] == "latency"
    assert abs(run.data.metrics["violation_latency"] - 1.0) < 1e-9


def test_an_unreachable_server_is_reported_and_ends_nothing(tmp_path: Path) -> None:
    folder = create_sweep_folder("test", tmp_path / "out")
    (tmp_path / "file").touch()
    tracker = MlflowTracker(replace(EXPERIMENT, tracking_uri=f"sqlite:///{tmp_path}/file/mlflow.db"), folder)
    tracker.on_finished(deployable())
    tracker.close("FINISHED", {}, {})
    assert "cannot open the tracking store" in tracker.errors[0]


def test_parity_with_tflm_is_told_or_why_there_is_none() -> None:
    record = deployable()
    assert tags_of(record)["parity_tflm"] == "exact"
    assert metrics_of(record)["parity_worst_lsb"] == 0
    alone = replace(record, verification=replace(VERIFICATION, against_tflm=NotCompared("no kernel")))
    assert tags_of(alone)["parity_tflm"] == "not compared: no kernel"
    assert "parity_worst_lsb" not in metrics_of(alone)


def test_energy_is_a_metric_where_it_was_measured() -> None:
    assert "energy_mj" not in hardware_metrics(MEASUREMENT)
    metrics = hardware_metrics(measured(energy=ENERGY))
    assert (metrics["energy_mj"], metrics["idle_mw"]) == (pytest.approx(0.3), pytest.approx(10.0))
