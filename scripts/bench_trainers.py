#!/usr/bin/env python3
"""Measure how busy trainers are kept: a sweep whose measurements and trainings take fixed times, and do nothing.

Usage: .venv/bin/python scripts/bench_trainers.py [--concurrent 2 8] [--candidates 60] [--trainers 2]
                                                  [--train-s 6] [--measure-s 1] [--share 0.25]

Ray, Tune, search (`random`), journal and the queue of trainers are those of any sweep. A share of the candidates fits.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import ray
from hyperopt import hp

from orchestrator.cluster.coordinator import coordinate
from orchestrator.cluster.interrupt import InterruptGuard
from orchestrator.cluster.ray_session import local_ray
from orchestrator.cluster.ray_stages import RayStages, Workers
from orchestrator.cluster.sweep import make_tuner
from orchestrator.cluster.trainer_queue import TrainerQueue
from orchestrator.cluster.watchers import JournalWatcher
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.config.experiment_file import read_experiment
from orchestrator.device.measure import measure_image
from orchestrator.domain.budget import Budget, Quantity
from orchestrator.domain.candidate import EpochResult
from orchestrator.domain.experiment import Experiment, SearchChoice, Target
from orchestrator.domain.measurement import CyclesSource
from orchestrator.domain.outcome import Outcome
from orchestrator.domain.parity import NotCompared
from orchestrator.journal.journal import Journal
from orchestrator.journal.sweep_folder import SweepFolder
from orchestrator.lab.requests import Measured
from orchestrator.pipeline.golden import make_golden
from orchestrator.pipeline.prepare import Prepared
from orchestrator.pipeline.stages import HostCheck, Trained
from orchestrator.search.study import Study
from orchestrator.virtual_board.process import start_virtual_board

BOARD = "nucleo_l476rg"
QUICKSTART = Path(__file__).parent.parent / "search_spaces" / "digits" / "quickstart.yaml"
TOO_MANY_CYCLES = 10**9


@dataclass(frozen=True)
class StandIn:
    """What the stages give, and how long they take."""

    prepared: Prepared
    measured: Measured
    train_s: float
    measure_s: float
    share: float


def make_stand_in(train_s: float, measure_s: float, share: float) -> StandIn:
    """Measure the golden network once, on a virtual board."""
    golden = make_golden(load_board_type(BOARD))
    with start_virtual_board(load_board_type(BOARD)) as board:
        run = measure_image(
            golden.image,
            load_board_type(BOARD),
            board.url,
            golden.samples,
            cycles_source=CyclesSource.VIRTUAL,
            repeats=1,
        )
    image = replace(golden.image, elf=b"")
    prepared = Prepared(b"", "", image.model_hash, (image,), (), ())
    return StandIn(prepared, Measured(run, "stand-in", 0.0, measure_s, b""), train_s, measure_s, share)


class IdleTrainer:
    """Takes the time of a training."""

    def train(self, training_id: str, config: dict[str, Any], train_s: float) -> Generator[Any, None, None]:
        """Sleep for one epoch."""
        time.sleep(train_s)
        yield EpochResult(1, 1.0, 0.5, 1.0, 0.5)
        yield Trained(b"")

    @ray.method(concurrency_group="control")  # type: ignore[untyped-decorator]
    def is_up(self) -> bool:
        """Say so."""
        return True

    @ray.method(concurrency_group="control")  # type: ignore[untyped-decorator]
    def cancel(self, training_id: str) -> None:
        """Nothing: nobody is stopped."""


class IdleTrainers(TrainerQueue):
    """The queue of any sweep, with other trainers."""

    def __init__(self, trainers: int) -> None:
        actor = ray.remote(num_cpus=0, concurrency_groups={"control": 1})(IdleTrainer)
        super().__init__(actor.remote() for _ in range(trainers))


class IdleStages(RayStages):
    """Waits for trainers as any candidate does; whatever else it does takes a fixed time."""

    def __init__(self, candidate_id: str, experiment: Experiment, workers: Workers, stand_in: StandIn) -> None:
        self._candidate_id = candidate_id
        self._experiment = experiment
        self._workers = workers
        self._stand_in = stand_in
        self._fits = True

    def prepare(self, config: dict[str, Any]) -> Prepared | Outcome:
        self._fits = config["x"] < self._stand_in.share
        return self._stand_in.prepared

    def screen(self, prepared: Prepared) -> tuple[Measured, ...]:
        time.sleep(self._stand_in.measure_s)
        measured = self._stand_in.measured
        if self._fits:
            return (measured,)
        slow = replace(measured.run.measurement, cycles=TOO_MANY_CYCLES)
        return (replace(measured, run=replace(measured.run, measurement=slow)),)

    def prepare_trained(self, tflite: bytes, boards: tuple[str, ...]) -> Prepared | Outcome:
        return self._stand_in.prepared

    def verify(self, prepared: Prepared) -> tuple[Measured, ...]:
        time.sleep(self._stand_in.measure_s)
        return (self._stand_in.measured,)

    def check(self, prepared: Prepared, runs: Any) -> HostCheck:
        return HostCheck(True, NotCompared("stand-in"), 0.5)

    def keep(self, name: str, content: bytes) -> None:
        """Nothing is worth keeping."""


def bench(experiment: Experiment, stand_in: StandIn, root: Path) -> None:
    """Print a row: the share of trainers' time that is training, from the first training's end to the last's start."""
    root.mkdir()
    folder, trainers = SweepFolder(root), experiment.resources.trainers
    pool = ray.remote(num_cpus=0, max_concurrency=1000)(IdleTrainers).remote(trainers)
    workers = Workers(pool, dataset=stand_in.train_s)  # what a trainer is told besides the network
    stages_of = partial(IdleStages, experiment=experiment, workers=workers, stand_in=stand_in)
    trainable = partial(coordinate, experiment=experiment, stages_of=stages_of)
    study = Study({"x": hp.uniform("x", 0.0, 1.0)}, "random", seed=1)
    with InterruptGuard() as guard:
        watchers = [JournalWatcher(Journal(folder.journal))]
        make_tuner(trainable, experiment, folder, study, watchers, guard, pool).fit()
    records = Journal(folder.journal).read()
    whole_s = max(record.ended_at for record in records) - min(record.started_at for record in records)
    trained = sum(record.was_trained for record in records)
    ends = sorted(record.ended_at for record in records if record.was_trained)
    if trained <= 2 * trainers:
        sys.exit(f"--candidates {len(records)}: {trained} were trained, and more than {2 * trainers} are needed")
    # All but the first and the last of each trainer: what comes before and after is start and end of the sweep.
    busy_s = stand_in.train_s * (trained - 2 * trainers)
    share = busy_s / (trainers * (ends[-1 - trainers] - ends[trainers - 1]))
    print(f"| {experiment.search.concurrent} | {len(records)} | {trained} | {whole_s:.0f} | {share:.0%} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--concurrent", type=int, nargs="+", default=[2, 8])
    parser.add_argument("--candidates", type=int, default=60)
    parser.add_argument("--trainers", type=int, default=2)
    parser.add_argument("--train-s", type=float, default=6.0)
    parser.add_argument("--measure-s", type=float, default=1.0)
    parser.add_argument("--share", type=float, default=0.25)
    chosen = parser.parse_args()
    experiment = read_experiment(QUICKSTART)
    resources = replace(experiment.resources, trainers=chosen.trainers, cpus_per_trainer=0)
    target = Target(BOARD, (Budget(Quantity.CYCLES, TOO_MANY_CYCLES - 1),))
    experiment = replace(experiment, resources=resources, targets=(target,))
    stand_in = make_stand_in(chosen.train_s, chosen.measure_s, chosen.share)
    print("| concurrent | candidates | trained | s | trainers at work |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, local_ray(experiment):
        for concurrent in chosen.concurrent:
            search = SearchChoice("random", chosen.candidates, concurrent)
            bench(replace(experiment, search=search), stand_in, Path(folder) / str(concurrent))


if __name__ == "__main__":
    main()
