"""Everything goes wrong at once: each fault of a virtual board by chance, a host lost, workers killed, a board pulled.

What comes of it must be what a quiet night would have brought: each candidate ends once, with the same figures.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from orchestrator.cluster.attending import attending
from orchestrator.cluster.board_agent import BoardAgent
from orchestrator.cluster.board_pool import start_board_pool
from orchestrator.cluster.coordinator import coordinate
from orchestrator.cluster.interrupt import InterruptGuard
from orchestrator.cluster.ray_stages import Workers
from orchestrator.cluster.sweep import make_tuner
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.candidate import CandidateRecord
from orchestrator.domain.experiment import Experiment, Target
from orchestrator.domain.mapped_device import MappedDevice
from orchestrator.domain.outcome import Status
from orchestrator.journal.sweep_folder import SweepFolder
from orchestrator.lab.virtual_unit import Rehearsal
from orchestrator.search.study import Study
from orchestrator.virtual_board.process import VirtualBoardProcess, start_virtual_board
from orchestrator.virtual_board.requested_faults.catalogue import KINDS
from tests.cluster.lab_cluster import BOARD, LabCluster, lab_cluster
from tests.cluster.rehearsed_stages import Network, RehearsedStages, dataset, networks, space
from tests.records import EXPERIMENT

NETWORKS = 8
RATE = 0.05
SEED = 5
FAULTS = tuple("flash-worn=2" if name == "flash-worn" else name for name in KINDS)


def experiment(candidates: int, concurrent: int) -> Experiment:
    return replace(
        EXPERIMENT,
        search=replace(EXPERIMENT.search, algorithm="random", candidates=candidates, concurrent=concurrent),
        measuring=replace(EXPERIMENT.measuring, repeats=1),
        targets=(Target(BOARD, ()),),
    )


class Night:
    """A lab whose troubles come when so many candidates have ended."""

    def __init__(self, lab: LabCluster, candidates: int) -> None:
        self._lab = lab
        self.records: list[CandidateRecord] = []
        self.injected: Counter[str] = Counter()
        self.events: list[str] = []
        self._node = self._agent("two", 2, SEED + 1)
        self._agent("one", 2, SEED)
        self._board = start_virtual_board(load_board_type(BOARD))
        self._serve_by_hand(self._board)
        troubles: list[Callable[[], None]] = [
            self.lose_a_host,
            self.kill_a_worker,
            self.bring_the_host_back,
            self.pull_a_board,
            self.kill_an_agent,
        ]
        self._at = {candidates * (number + 1) // (len(troubles) + 1): each for number, each in enumerate(troubles)}

    def on_started(self, candidate_id: str) -> None:
        """Nothing."""

    def on_progress(self, record: CandidateRecord) -> None:
        """Nothing."""

    def on_finished(self, record: CandidateRecord) -> None:
        self.records.append(record)
        trouble = self._at.get(len(self.records))
        if trouble is not None:
            self.events.append(trouble.__name__.replace("_", " "))
            trouble()

    def end(self) -> None:
        for agent in self._lab.agents.values():
            ray.get(agent.stop.remote(), timeout=40)
        self._board.close()

    def lose_a_host(self) -> None:
        del self._lab.agents["two"]
        self._lab.cluster.remove_node(self._node, allow_graceful=False)

    def bring_the_host_back(self) -> None:
        self._agent("two", 2, SEED + 2)

    def kill_a_worker(self) -> None:
        coordinators = [pid for pid, text in self._lab.processes.processes_left().items() if "ray::Implicit" in text]
        os.kill(coordinators[0], signal.SIGKILL)

    def pull_a_board(self) -> None:
        self._board.close()

    def kill_an_agent(self) -> None:
        os.kill(ray.get(self._lab.agents["one"].__ray_call__.remote(lambda _: os.getpid())), signal.SIGKILL)

    def _agent(self, host: str, boards: int, seed: int) -> Any:
        return self._lab.add_agent(host, boards, Rehearsal(FAULTS, RATE, seed))

    def _serve_by_hand(self, board: VirtualBoardProcess) -> None:
        device = MappedDevice("on-the-desk", BOARD, board.url)
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        actor = ray.remote(num_cpus=0, max_concurrency=4, scheduling_strategy=here)(BoardAgent)
        self._lab.agents["desk"] = actor.remote("desk", (device,), {})


def wrong(record: CandidateRecord, table: list[Network]) -> bool:
    """Say whether anything of an outcome is not what a quiet night brings; outputs were compared on the way."""
    expected = table[record.config["network"]].expected.measurement
    if record.outcome.status is not Status.DEPLOYABLE or record.verification is None or not record.screening:
        return True
    figures = {
        (each.cycles, each.ram_bytes, each.flash_bytes, each.stack_bytes)
        for each in (*record.screening, *record.verification.measurements, expected)
    }
    return len(figures) != 1 or not record.verification.device_matches_host


def run_night(folder: Path, candidates: int, concurrent: int) -> None:
    chosen = experiment(candidates, concurrent)
    sweep = SweepFolder(folder / "sweep")
    sweep.root.mkdir()
    table = networks(NETWORKS, chosen)
    with lab_cluster(folder, cpus=2) as lab, attending(chosen, sweep.sweep_id):
        pool = start_board_pool()
        night = Night(lab, candidates)
        workers = Workers(None, ray.put(dataset(chosen.measuring.samples)))
        stages_of = partial(RehearsedStages, experiment=chosen, folder=sweep, workers=workers, table=ray.put(table))
        with InterruptGuard() as guard:
            study = Study(space(NETWORKS), "random", SEED)
            trainable = partial(coordinate, experiment=chosen, stages_of=stages_of)
            make_tuner(trainable, chosen, sweep, study, [night], guard).fit()
        faults = ray.get(pool.troubles.remote(sweep.sweep_id)).faults
        night.end()
    report(night, faults, candidates, table)
    assert lab.processes.processes_left() == {}


def report(night: Night, faults: dict[str, int], candidates: int, table: list[Network]) -> None:
    ends = Counter(record.candidate_id for record in night.records)
    lost = candidates - len(ends)
    duplicated = sum(count - 1 for count in ends.values())
    bad = [record for record in night.records if wrong(record, table)]
    print(f"\n{candidates} candidates, {2 * candidates} measurements; events: {', '.join(night.events)}")
    for cause, count in sorted(faults.items(), key=lambda item: -item[1]):
        print(f"  {cause:16} {count:4}")
    print(f"  {'faults in all':16} {sum(faults.values()):4}: {lost} lost, {duplicated} duplicated, {len(bad)} wrong")
    assert len(night.events) == 5
    assert (lost, duplicated, bad) == (0, 0, [])
    assert sum(faults.values()) > 0


def test_a_bad_night_brings_what_a_quiet_one_would(tmp_path: Path) -> None:
    run_night(tmp_path, candidates=12, concurrent=4)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_long_bad_night_brings_what_a_quiet_one_would(tmp_path: Path) -> None:
    run_night(tmp_path, candidates=100, concurrent=8)
