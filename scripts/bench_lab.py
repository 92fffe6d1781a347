#!/usr/bin/env python3
"""Measure the lab and the orchestrator themselves: how busy boards are kept, what a candidate costs besides its stages.

Usage: .venv/bin/python scripts/bench_lab.py boards [--boards 1 2 4 8] [--each 20]
       .venv/bin/python scripts/bench_lab.py overhead [--candidates 100]
       .venv/bin/python scripts/bench_lab.py pool [--candidates 100]
       .venv/bin/python scripts/bench_lab.py scale [--candidates 2000 | 10000] [--mlflow]

`boards` measures prepared images on virtual boards; `pool` does so within a sweep whose other stages answer at once.
`overhead` and `scale` run Ray, Tune, journal and search (`random`) as a sweep does, with stages that give their records
at once; `overhead` runs as many empty Tune trials too, in turns.
The first candidates, one for each process, take long: Tune starts all its processes meanwhile, and keeps them. Without
that it would go on starting some that it no longer needs when they are up, and that would be what is measured.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import ray
from hyperopt import hp
from ray import tune

from orchestrator.cluster.board_agent import start_agent
from orchestrator.cluster.coordinator import RECORD_KEY, coordinate
from orchestrator.cluster.interrupt import InterruptGuard
from orchestrator.cluster.pool_client import PoolClient
from orchestrator.cluster.ray_session import local_ray
from orchestrator.cluster.ray_stages import in_task
from orchestrator.cluster.sweep import make_tuner
from orchestrator.cluster.watchers import JournalWatcher, SweepWatcher
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.config.experiment_file import read_experiment
from orchestrator.config.json_records import record_to_json
from orchestrator.domain.candidate import CandidateRecord, EpochResult
from orchestrator.domain.experiment import Experiment, Target
from orchestrator.domain.measurement import DeviceRun
from orchestrator.domain.outcome import Outcome
from orchestrator.domain.parity import NotCompared
from orchestrator.journal.journal import Journal
from orchestrator.journal.sweep_folder import SweepFolder
from orchestrator.lab.requests import Measured, MeasureRequest
from orchestrator.pipeline.golden import make_golden
from orchestrator.pipeline.prepare import Prepared
from orchestrator.pipeline.stages import Diverged, HostCheck, Trained
from orchestrator.search.study import Study
from orchestrator.tracking.mlflow_tracker import MlflowTracker

BOARD = "nucleo_l476rg"
QUICKSTART = Path(__file__).parent.parent / "search_spaces" / "digits" / "quickstart.yaml"
EPOCHS = 3
CONCURRENT = 4
WINDOWS = 10
ROUNDS = 3
START_S = 15.0
"""How long each of the first candidates takes."""


def request(number: int, sweep: str) -> MeasureRequest:
    """Ask for the golden network, each time by another name: flashed anew each time, as different networks are."""
    golden = make_golden(load_board_type(BOARD))
    return MeasureRequest(f"{sweep}/{number}", sweep, golden.image, golden.samples, repeats=3)


def ask(wanted: MeasureRequest) -> tuple[float, Measured]:
    """Give the measurement and when it came."""
    pool, reply = PoolClient(), None
    while reply is None:
        reply = pool.call("measure", wanted)
    return time.monotonic(), reply


def bench_boards(boards: int, each: int) -> None:
    """Print a row for so many boards: their work is over their time, until the last of each board's measurements."""
    agent = start_agent(f"{boards}", {BOARD: boards})
    first = request(0, f"warm-up {boards}")
    with ThreadPoolExecutor(boards) as threads:  # every board is started before the clock is
        list(threads.map(ask, [replace(first, request_id=f"{boards}/warm-up/{n}") for n in range(2 * boards)]))
    wanted = [replace(first, request_id=f"{boards}/{number}", sweep=f"{boards}") for number in range(each * boards)]
    started = time.monotonic()
    with ThreadPoolExecutor(3 * boards) as threads:
        replies = list(threads.map(ask, wanted))
    work: dict[str, float] = defaultdict(float)
    ended: dict[str, float] = defaultdict(float)
    for at, measured in replies:
        work[measured.unit] += measured.work_s
        ended[measured.unit] = max(ended[measured.unit], at - started)
    shares = [work[unit] / ended[unit] for unit in work]
    minutes = (max(at for at, _ in replies) - started) / 60
    print(
        f"| {boards} | {len(replies) / minutes:.0f} | {min(shares):.1%} | {sum(shares) / len(shares):.1%} |", flush=True
    )
    ray.get(agent.stop.remote())


@dataclass(frozen=True)
class Template:
    """What the stand-in stages give: made once from the golden network."""

    prepared: Prepared
    measured: Measured
    request: MeasureRequest


def make_template() -> Template:
    """Measure the golden network once, on a virtual board."""
    golden = make_golden(load_board_type(BOARD))
    agent = start_agent("template", {BOARD: 1})
    request = MeasureRequest("template", "template", golden.image, golden.samples, repeats=1)
    measured = ask(request)[1]
    ray.get(agent.stop.remote())
    image = replace(golden.image, elf=b"")
    prepared = Prepared(b"", "", image.model_hash, (image,), (), (("build", 0.0),))
    return Template(prepared, measured, replace(request, sweep="pooled"))


def let_processes_start(candidate_id: str) -> None:
    """Wait in each of the first candidates until Tune has started all processes."""
    if int(candidate_id[1:]) <= CONCURRENT:
        time.sleep(START_S)


def nothing(*_: Any) -> None:
    """What a task of the stand-in stages does."""


class StandInStages:
    """Gives records at once; `through_ray` sends an empty task wherever a real stage sends one.

    With `through_pool` it measures indeed, on a virtual board that it asks the pool for.
    """

    def __init__(self, candidate_id: str, template: Any, through_ray: bool, through_pool: bool) -> None:
        let_processes_start(candidate_id)
        self._candidate_id = candidate_id
        self._template: Template = ray.get(template)
        self._through_ray, self._through_pool = through_ray, through_pool

    def _task(self) -> None:
        if self._through_ray:
            in_task(nothing)

    def prepare(self, config: dict[str, Any]) -> Prepared | Outcome:
        self._task()
        return self._template.prepared

    def screen(self, prepared: Prepared) -> tuple[Measured, ...]:
        return (self._measured("screen"),)

    def train(self, config: dict[str, Any]) -> Generator[EpochResult | Trained | Diverged, None, None]:
        for epoch in range(1, EPOCHS + 1):
            yield EpochResult(epoch, 1.0, 0.5, 1.0, config["accuracy"])
        yield Trained(b"")

    def prepare_trained(self, tflite: bytes, boards: tuple[str, ...]) -> Prepared | Outcome:
        self._task()
        return self._template.prepared

    def verify(self, prepared: Prepared) -> tuple[Measured, ...]:
        return (self._measured("verify"),)

    def _measured(self, stage: str) -> Measured:
        if not self._through_pool:
            return self._template.measured
        return ask(replace(self._template.request, request_id=f"{stage}/{self._candidate_id}"))[1]

    def check(self, prepared: Prepared, runs: tuple[DeviceRun, ...]) -> HostCheck:
        self._task()
        return HostCheck(True, NotCompared("stand-in"), 0.5)

    def keep(self, name: str, content: bytes) -> None:
        """Nothing is worth keeping."""


def empty_trial(config: dict[str, Any], record: str) -> None:
    """Report once, as the least that a trial can do."""
    let_processes_start(config["candidate_id"])
    tune.report({RECORD_KEY: record})


class JournalAndClock(JournalWatcher):
    """Notes when each candidate ended and what the driver takes, besides."""

    def __init__(self, journal: Journal, window: int) -> None:
        super().__init__(journal)
        self._window = window
        self._window_began = time.monotonic()
        self.ends: list[float] = []

    def on_finished(self, record: CandidateRecord) -> None:
        super().on_finished(record)
        self.ends.append(time.monotonic())
        if self._window and len(self.ends) % self._window == 0:
            now = time.monotonic()
            per_candidate_ms = (now - self._window_began) / self._window * 1e3
            self._window_began = now
            print(f"| {len(self.ends)} | {resident_mib():.0f} | {per_candidate_ms:.0f} |", flush=True)


def resident_mib() -> float:
    """Memory of this process, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def space() -> dict[str, Any]:
    """A small space, and one figure that stands for what training gives."""
    labels = {f"choice_{number}": hp.choice(f"choice_{number}", [1, 2, 4, 8]) for number in range(8)}
    return {**labels, "accuracy": hp.uniform("accuracy", 0.1, 0.9)}


def run_trials(trainable: Any, experiment: Experiment, window: int, watchers: list[SweepWatcher], root: Path) -> float:
    """Run a sweep of stand-ins; gives seconds per candidate, counted when all processes are up."""
    root.mkdir(exist_ok=True)
    folder = SweepFolder(root)
    clock = JournalAndClock(Journal(folder.journal), window)
    study = Study(space(), "random", seed=1)
    with InterruptGuard() as guard:
        make_tuner(trainable, experiment, folder, study, [clock, *watchers], guard).fit()
    counted = clock.ends[2 * CONCURRENT :]
    return (counted[-1] - counted[0]) / (len(counted) - 1)


def stand_ins(
    experiment: Experiment, template: Template, *, through_ray: bool = False, through_pool: bool = False
) -> Any:
    """A coordinator as in a sweep, with stand-in stages."""
    stages_of = partial(StandInStages, template=ray.put(template), through_ray=through_ray, through_pool=through_pool)
    return partial(coordinate, experiment=experiment, stages_of=stages_of)


def bench_overhead(experiment: Experiment, folder: Path) -> None:
    """Print what a candidate costs besides its stages and besides an empty trial: each in turn, several times."""
    template = make_template()
    record = CandidateRecord("empty", {}, Outcome.invalid("empty"), 0.0, 0.0)
    trainables = {
        "empty Tune trial": partial(empty_trial, record=record_to_json(record)),
        "candidate, stages at once": stand_ins(experiment, template),
        "candidate, empty Ray tasks": stand_ins(experiment, template, through_ray=True),
    }
    seconds: dict[str, list[float]] = defaultdict(list)
    for number in range(ROUNDS):
        for name, trainable in trainables.items():
            seconds[name].append(run_trials(trainable, experiment, 0, [], folder / f"{name} {number}"))
    print(f"| {CONCURRENT} at once, median of {ROUNDS} | ms per candidate | all | beyond an empty trial |")
    print("|---|---|---|---|")
    least = statistics.median(seconds["empty Tune trial"])
    for name, found in seconds.items():
        each, median = ", ".join(f"{one * 1e3:.0f}" for one in found), statistics.median(found)
        print(f"| {name} | {median * 1e3:.0f} | {each} | {(median - least) * 1e3:.0f} |")


def bench_pool(experiment: Experiment, folder: Path) -> None:
    """Print how long candidates take that are measured twice, besides their boards' work: a board for each."""
    template = make_template()
    agent = start_agent("pooled", {BOARD: CONCURRENT})
    run_trials(stand_ins(experiment, template, through_ray=True, through_pool=True), experiment, 0, [], folder)
    ray.get(agent.stop.remote())
    ended = Journal(SweepFolder(folder).journal).read()[2 * CONCURRENT :]
    verified = [(record, record.stage_s) for record in ended if record.verification and record.stage_s]
    took = statistics.median(record.ended_at - record.started_at for record, _ in verified)
    boards = statistics.median(stage_s["screen"] + stage_s["verify"] for _, stage_s in verified)
    print("| candidates measured twice by way of the pool | ms each | of these, boards work |\n|---|---|---|")
    print(f"| {len(verified)} | {took * 1e3:.0f} | {boards * 1e3:.0f} |")


def bench_scale(experiment: Experiment, folder: Path, with_mlflow: bool) -> None:
    """Print memory and time per candidate as a sweep grows."""
    template = make_template()
    (folder / "scale").mkdir()
    tracker = MlflowTracker(experiment, SweepFolder(folder / "scale")) if with_mlflow else None
    print("| candidates done | driver MiB | ms per candidate |\n|---|---|---|", flush=True)
    window = max(1, experiment.search.candidates // WINDOWS)
    watchers: list[SweepWatcher] = [tracker] if tracker else []
    run_trials(stand_ins(experiment, template), experiment, window, watchers, folder / "scale")
    if tracker:
        tracker.close("FINISHED", {}, {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("boards", "overhead", "pool", "scale"))
    parser.add_argument("--boards", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--each", type=int, default=20, help="measurements per board")
    parser.add_argument("--candidates", type=int)
    parser.add_argument("--mlflow", action="store_true")
    chosen = parser.parse_args()
    candidates = chosen.candidates or (2000 if chosen.what == "scale" else 100)
    experiment = read_experiment(QUICKSTART)
    search = replace(experiment.search, algorithm="random", candidates=candidates, concurrent=CONCURRENT)
    training = replace(experiment.training, epochs=EPOCHS, grace_epochs=EPOCHS)
    experiment = replace(experiment, search=search, training=training, targets=(Target(experiment.boards[0], ()),))
    with tempfile.TemporaryDirectory() as folder, local_ray(experiment):
        if chosen.what == "boards":
            print("| boards | measurements per minute | least busy board | all boards |\n|---|---|---|---|")
            for boards in chosen.boards:
                bench_boards(boards, chosen.each)
        elif chosen.what == "overhead":
            bench_overhead(experiment, Path(folder))
        elif chosen.what == "pool":
            bench_pool(experiment, Path(folder))
        else:
            bench_scale(experiment, Path(folder), chosen.mlflow)


if __name__ == "__main__":
    main()
