"""A lab on several Ray nodes: agents, the pool and whole nodes die, and no request is lost."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray

from orchestrator.cluster.board_agent import BoardAgent
from orchestrator.cluster.board_pool import start_board_pool
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.mapped_device import MappedDevice
from orchestrator.domain.model import FirmwareImage
from orchestrator.lab.attendance import Attendance
from orchestrator.lab.troubles import BoardTroubles
from orchestrator.pipeline.golden import make_golden
from tests.cluster.lab_cluster import (
    BOARD,
    LabCluster,
    Sampler,
    asking,
    images,
    kill_actor,
    lab_cluster,
    measured,
    request,
    until,
)

AT_ONCE = 8
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabCluster]:
    """Two hosts with two boards each."""
    with lab_cluster(tmp_path_factory.mktemp("lab"), cpus=1) as started:
        for host in ("one", "two"):
            started.add_agent(host, boards=2)
        yield started


@pytest.fixture(scope="module")
def networks() -> list[FirmwareImage]:
    return images(12)


def is_busy(agent: Any, sweep: str) -> bool:
    return any(unit.busy_with == sweep for unit in ray.get(agent.status.remote()))


def test_the_boards_of_all_hosts_share_the_work_and_each_request_is_measured_once(
    lab: LabCluster, networks: list[FirmwareImage]
) -> None:
    before = lab.measurements()
    wanted = [request(image) for image in networks[:AT_ONCE]]
    with asking([*wanted, *wanted]) as replies:
        pass
    runs = measured(replies)
    assert [run.run.model_hash for run in runs] == [image.model_hash for image in networks[:AT_ONCE]] * 2
    assert {run.unit.split("/")[0] for run in runs} == {"one", "two"}
    assert lab.measurements() - before == AT_ONCE


def test_an_agent_killed_while_it_measures_loses_no_request(lab: LabCluster, networks: list[FirmwareImage]) -> None:
    wanted = [request(image, "agent killed") for image in networks[:AT_ONCE]]
    with asking(wanted) as replies:
        until(lambda: is_busy(lab.agents["one"], "agent killed"))
        kill_actor(lab.agents["one"])
    assert [run.run.model_hash for run in measured(replies)] == [image.model_hash for image in networks[:AT_ONCE]]
    faults = ray.get(start_board_pool().troubles.remote("agent killed")).faults
    assert set(faults) == {"agent-lost"}
    assert 1 <= faults["agent-lost"] <= 2


def test_a_pool_that_is_killed_and_restarted_loses_no_request_and_measures_none_twice(
    lab: LabCluster, networks: list[FirmwareImage]
) -> None:
    before = lab.measurements()
    wanted = [request(image, "pool killed") for image in networks[:AT_ONCE]]
    with asking(wanted) as replies:
        until(lambda: is_busy(lab.agents["two"], "pool killed"))
        kill_actor(start_board_pool())
    assert [run.run.model_hash for run in measured(replies)] == [image.model_hash for image in networks[:AT_ONCE]]
    assert lab.measurements() - before == AT_ONCE


def test_two_sweeps_share_the_boards_evenly(lab: LabCluster, networks: list[FirmwareImage]) -> None:
    ends: list[str] = []
    wanted = [request(image, sweep) for sweep in ("first", "second") for image in networks]
    with asking(wanted) as replies:
        for reply, asked in zip(replies, wanted, strict=True):
            reply.add_done_callback(lambda _, sweep=asked.sweep: ends.append(sweep))
    measured(replies)
    half = Counter(ends[: len(networks)])
    assert 1 / 3 <= half["first"] / len(networks) <= 2 / 3, half  # of 12, of which 4 boards have one each under way


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_drivers_share_the_boards_evenly_for_minutes_however_much_each_wants(lab: LabCluster) -> None:
    drivers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.cluster.asking_driver", lab.address, sweep, "300", str(at_once)],
            env={**lab.processes.all_environment(), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for sweep, at_once in (("greedy", 16), ("modest", 5))
    ]
    greedy, modest = (int(driver.communicate(timeout=500)[0]) for driver in drivers)
    print(f"measurements in 300 s: {greedy} and {modest}")
    assert 0.4 <= greedy / (greedy + modest) <= 0.6


def test_a_sweep_holds_no_more_boards_than_it_asked_for(lab: LabCluster, networks: list[FirmwareImage]) -> None:
    def held() -> int:
        """Ask the pool, not the agents, one of which may end its work and another begin while they are asked."""
        return int(ray.get(start_board_pool().__ray_call__.remote(lambda pool: pool._queue._holding()["modest"])))

    with (
        Sampler(held) as sampler,
        asking([request(image, "modest", most_boards=2) for image in networks[:8]]) as replies,
    ):
        pass
    measured(replies)
    assert max(sampler.found) == 2


def test_a_host_that_vanishes_with_its_node_loses_no_request(lab: LabCluster, networks: list[FirmwareImage]) -> None:
    node = lab.add_agent("three", boards=2)
    with asking([request(image, "node lost") for image in networks[:AT_ONCE]]) as replies:
        until(lambda: is_busy(lab.agents["three"], "node lost"))
        lab.cluster.remove_node(node, allow_graceful=False)
        del lab.agents["three"]
    assert [run.run.model_hash for run in measured(replies)] == [image.model_hash for image in networks[:AT_ONCE]]
    until(lambda: sum("orchestrator.virtual_board" in text for text in lab.processes.processes_left().values()) <= 4)


def test_a_pool_that_was_removed_is_started_anew_by_who_needs_it(
    lab: LabCluster, networks: list[FirmwareImage]
) -> None:
    with asking([request(image, "pool removed") for image in networks[:AT_ONCE]]) as replies:
        until(lambda: is_busy(lab.agents["two"], "pool removed"))
        ray.kill(start_board_pool())
    assert [run.run.model_hash for run in measured(replies)] == [image.model_hash for image in networks[:AT_ONCE]]
    until(lambda: len(ray.get(start_board_pool().status.remote()).units) == 4)


def test_an_agent_with_the_name_of_another_is_refused(lab: LabCluster) -> None:
    double = lab.processes.run("agent", "--address", lab.address, "--virtual", "nucleo_l476rg=1", "--name", "two")
    assert double.returncode == 2, double.stderr
    assert double.stderr.strip().splitlines()[-1] == (
        "mcutune: --name two: another agent of this name serves the lab; give each its own"
    )


def test_a_sweep_is_told_which_boards_were_kept_out_and_why(lab: LabCluster) -> None:
    pool = start_board_pool()
    ray.get(pool.attend.remote(Attendance("watching", 0), (make_golden(load_board_type(BOARD)),)))
    device = MappedDevice("unplugged", BOARD, "/dev/serial/by-id/nothing")
    agent = ray.remote(num_cpus=0, max_concurrency=4)(BoardAgent).remote("desk", (device,), {})
    troubles = until(lambda: (found := ray.get(pool.troubles.remote("watching"))).quarantined and found)
    ray.get(agent.stop.remote())
    assert set(troubles.quarantined) == {"desk/unplugged"}
    assert troubles.quarantined["desk/unplugged"].startswith("port-missing: ")
    ray.get(pool.close.remote("watching"))
    assert ray.get(pool.troubles.remote("watching")) == BoardTroubles()
