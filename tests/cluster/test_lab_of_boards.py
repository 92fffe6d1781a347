"""A lab on several Ray nodes: agents, the pool and whole nodes die, and no request is lost."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import ray

from orchestrator.cluster.board_pool import start_board_pool
from orchestrator.domain.model import FirmwareImage
from tests.cluster.lab_cluster import (
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
    faults = ray.get(start_board_pool().faults.remote("agent killed"))
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


def test_a_sweep_holds_no_more_boards_than_it_asked_for(lab: LabCluster, networks: list[FirmwareImage]) -> None:
    def busy() -> int:
        units = [unit for agent in lab.agents.values() for unit in ray.get(agent.status.remote())]
        return sum(unit.busy_with == "modest" for unit in units)

    with (
        Sampler(busy) as sampler,
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
