"""Sweeps that join a cluster: its boards, the user's own search space and data, deaths, Ctrl-C, refusals."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import ray

from orchestrator.cluster.board_pool import start_board_pool
from orchestrator.cluster.ray_session import check_cpus
from orchestrator.cluster.screening import TrainerWatch
from orchestrator.cluster.trainer_queue import TrainerQueue, TrainerUse
from orchestrator.domain.candidate import Begun, CandidateRecord
from orchestrator.domain.errors import InputError
from orchestrator.domain.outcome import Status
from orchestrator.journal.journal import Journal
from tests.cluster.lab_cluster import LabCluster, lab_cluster, until
from tests.records import EXPERIMENT

OWN_SPACE = """
def space():
    from hyperopt import hp

    return {"filters": hp.choice("filters", [2, 3, 4, 5, 6, 7]), "learning_rate": 0.01, "batch_size": 32}


def build_model(config, sample_shape, class_count):
    from keras import Sequential, layers

    return Sequential(
        [
            layers.Input(sample_shape),
            layers.Conv2D(config["filters"], 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(class_count, activation="softmax"),
        ]
    )
"""

FEW_POINTS = OWN_SPACE.replace("[2, 3, 4, 5, 6, 7]", "[2, 3, 48]").replace(
    '"learning_rate": 0.01', '"learning_rate": hp.choice("learning_rate", [0.01, 0.003, 0.001])'
)
FEW_POINTS += '\n\nTRAINING_LABELS = ("learning_rate",)\n'

OWN_EXPERIMENT = """
name: own
search_space: own_space
dataset: own.npz
board: nucleo_l476rg
budgets: {ram: 24KiB}
search: {algorithm: random, candidates: CANDIDATES, concurrent: 8}
training: {epochs: EPOCHS, grace_epochs: EPOCHS}
measuring: {samples: 2}
resources: {trainers: 1, cpus_per_trainer: 0, gpus_per_trainer: 1}
"""
"""More candidates at once than there are, where the cluster has one CPU and one GPU."""

START_S = 300
"""Longest wait for the first training, on a busy machine: TensorFlow is loaded twice, one after the other."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCluster]:
    with lab_cluster(tmp_path_factory.mktemp("lab"), cpus=1) as started:
        for host in ("one", "two"):
            started.add_agent(host, boards=1)
        yield started


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    """A folder with a search space and data of the user's own, in which no command is started."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "own_space.py").write_text(OWN_SPACE)
    generator = np.random.default_rng(0)
    y = np.arange(120) % 3
    x = generator.normal(size=(120, 6, 6, 1)) + y[:, None, None, None]
    np.savez(folder / "own.npz", x_train=x[:90], y_train=y[:90], x_test=x[90:], y_test=y[90:])
    return folder / "own.yaml"


def write(experiment: Path, candidates: int, epochs: int, **replaced: str) -> Path:
    text = OWN_EXPERIMENT.replace("CANDIDATES", str(candidates)).replace("EPOCHS", str(epochs))
    for key, value in replaced.items():
        text = text.replace(key, value)
    experiment.write_text(text)
    return experiment


def named(lab: LabCluster, *names: str) -> list[int]:
    return [pid for pid, text in lab.processes.processes_left().items() if any(name in text for name in names)]


def kill_once(lab: LabCluster, name: str, sweep: "subprocess.Popen[str]") -> None:
    """End a process of the cluster by the name that Ray gives it while it works."""
    (pid, *_) = until(lambda: named(lab, name) or (sweep.poll() is not None and sweep.communicate()), limit_s=START_S)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_the_search_hears_of_trainers_without_waiting_for_them(lab: LabCluster) -> None:
    queue = ray.remote(num_cpus=0, max_concurrency=10)(TrainerQueue).remote(["T0"])
    watch = TrainerWatch(queue)
    assert until(lambda: watch.latest() == TrainerUse(1))
    ray.get(queue.acquire.remote("c1", "a"))
    second = queue.acquire.remote("c2", "b")
    assert until(lambda: watch.latest() == TrainerUse(0, waiting=("c2",), training=("c1",)))
    ray.get(queue.release.remote("c1"))
    assert ray.get(second).trainer == "T0"
    assert until(lambda: watch.latest() == TrainerUse(0, training=("c2",)))


@pytest.mark.timeout(600)
def test_a_search_that_knows_constraints_measures_each_architecture_once_and_trains_none_again_that_did_not_fit(
    lab: LabCluster, experiment: Path
) -> None:
    """Three architectures, one of which is too slow, each with three learning rates: seven points, or eight where
    the slow one is under way twice. What is left when it is known not to fit is not asked for.
    """
    (experiment.parent / "own_space.py").write_text(FEW_POINTS)
    before = lab.measurements()
    few = write(experiment, 9, 1, random="ctpe", **{"ram: 24KiB": "cycles: 40000", "concurrent: 8": "concurrent: 2"})
    sweep = lab.processes.start("sweep", few, "--address", lab.address, "--out", "few")
    out, err = sweep.communicate(timeout=START_S)
    assert sweep.returncode == 0, out + err
    entries = Journal(lab.processes.folder / "few" / "journal.jsonl").entries()
    records = [entry for entry in entries if isinstance(entry, CandidateRecord)]
    assert {record.config["filters"] for record in records if record.outcome.status is Status.INFEASIBLE} == {48}
    points = [(record.config["filters"], record.config["learning_rate"]) for record in records]
    assert len(set(points)) == len(points)
    assert {point for point in points if point[0] != 48} == {(n, rate) for n in (2, 3) for rate in (0.01, 0.003, 0.001)}
    assert len(points) in (7, 8)
    known = next(at for at, entry in enumerate(entries) if entry in records and entry.config["filters"] == 48)
    slow = 2  # as the space's `hp.choice` draws it
    assert slow not in [entry.drawn["filters"] for entry in entries[known:] if isinstance(entry, Begun)]
    verified = sum(record.outcome.status is Status.DEPLOYABLE for record in records)
    assert lab.measurements() - before == 3 + verified
    assert f"The search space has no more points: {len(records)} of 9 candidates" in out


@pytest.mark.timeout(600)
def test_a_sweep_with_a_space_and_data_of_its_own_uses_the_labs_boards_and_survives_its_trainer(
    lab: LabCluster, experiment: Path
) -> None:
    before = lab.measurements()
    sweep = lab.processes.start("sweep", write(experiment, 6, 3), "--address", lab.address, "--out", "own")
    kill_once(lab, "ray::Trainer.train", sweep)
    out, err = sweep.communicate(timeout=START_S)
    assert sweep.returncode == 0, out + err
    records = Journal(lab.processes.folder / "own" / "journal.jsonl").read()
    assert sorted(record.candidate_id for record in records) == [f"c{number:04d}" for number in range(1, 7)]
    assert {record.outcome.status for record in records} <= {Status.DEPLOYABLE, Status.STOPPED}, out
    assert all([epoch.epoch for epoch in record.epochs] == [1, 2, 3] for record in records)
    architectures = {record.config["filters"] for record in records}
    verified = [record for record in records if record.outcome.status is Status.DEPLOYABLE]
    assert lab.measurements() - before == len(architectures) + len(verified)
    assert "faults of boards met: none" in out
    assert named(lab, "ray::Trainer", "ray::ImplicitFunc", "ray::coordinate") == []


@pytest.mark.timeout(600)
def test_ctrl_c_leaves_nothing_of_the_sweep_on_the_cluster_while_the_lab_goes_on(
    lab: LabCluster, experiment: Path
) -> None:
    sweep = lab.processes.start("sweep", write(experiment, 2, 1000), "--address", lab.address, "--out", "stopped")
    until(lambda: named(lab, "ray::Trainer.train") or sweep.poll() is not None, limit_s=START_S)
    os.killpg(sweep.pid, signal.SIGINT)
    out, err = sweep.communicate(timeout=60)
    assert sweep.returncode == 130, out + err
    assert "Traceback" not in out + err
    until(lambda: not named(lab, "ray::Trainer", "ray::ImplicitFunc", "ray::coordinate"))
    status = ray.get(start_board_pool().status.remote())
    assert not any(status.waiting.values())
    assert {unit.unit.split("/")[0] for unit in status.units} == {"one", "two"}


def test_a_sweep_that_asks_for_more_gpus_than_the_cluster_has_is_refused(lab: LabCluster, experiment: Path) -> None:
    wanted = write(experiment, 2, 1, **{"trainers: 1": "trainers: 2"})
    done = lab.processes.run("sweep", wanted, "--address", lab.address, "--out", "refused")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "2 trainers with gpus_per_trainer 1.0 need 2 GPUs, but there are 1" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_sweep_whose_trainers_would_leave_no_cpu_is_refused(lab: LabCluster) -> None:
    with pytest.raises(InputError, match="one task beside them need 2 CPUs, but the cluster has 1"):
        check_cpus(EXPERIMENT)
    modest = replace(EXPERIMENT, resources=replace(EXPERIMENT.resources, cpus_per_trainer=0))
    check_cpus(modest)
    with pytest.raises(InputError, match="of which trainers of other sweeps hold 1"):
        check_cpus(modest, taken=1)
