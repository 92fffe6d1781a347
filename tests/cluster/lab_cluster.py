"""A Ray cluster on this machine: a head with a declared GPU, and nodes that hold nothing but boards."""

import os
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ray
from ray._raylet import AuthenticationTokenLoader, Config
from ray.cluster_utils import Cluster

from orchestrator.cluster.board_agent import start_agent
from orchestrator.cluster.board_pool import start_board_pool
from orchestrator.cluster.pool_client import PoolClient
from orchestrator.cluster.ray_session import joined
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.model import FirmwareImage
from orchestrator.lab.request_queue import Patience
from orchestrator.lab.requests import Measured, MeasureRequest, Reply
from orchestrator.lab.virtual_unit import Rehearsal
from orchestrator.toolchain.link import link_image
from tests.contract.example_model import INPUT_BYTES, example_model
from tests.end_to_end.conftest import CommandLine

BOARD = "nucleo_l476rg"
SAMPLES = tuple((bytes(range(at, at + INPUT_BYTES)),) for at in (0, 100))
SHORT = Patience(lease_s=6.0, wanted_s=60.0, no_board_s=120.0)


@dataclass
class LabCluster:
    """A cluster that this process has joined; nodes and agents can be added and killed."""

    cluster: Cluster
    processes: CommandLine
    agents: dict[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def add_agent(self, host: str, boards: int, rehearsal: Rehearsal | None = None) -> Any:
        """Give the new node of an agent that serves virtual boards from it."""
        node = self.cluster.add_node(num_cpus=0)
        self.agents[host] = start_agent(host, {BOARD: boards}, rehearsal, node_id=node.node_id)
        ray.get(self.agents[host].status.remote())
        return node

    def measurements(self) -> int:
        """How many measurements the boards of all agents have made."""
        return sum(unit.measurements for agent in self.agents.values() for unit in ray.get(agent.status.remote()))


@contextmanager
def lab_cluster(folder: Path, cpus: int, patience: Patience = SHORT) -> Iterator[LabCluster]:
    """Start a head and a pool; everything that came of them ends with the block."""
    mark = uuid.uuid4().hex
    (folder / "token").write_text(uuid.uuid4().hex * 2)
    environment = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(folder / "token"),
        "RAY_USAGE_STATS_ENABLED": "0",
        "MCUTUNE_TEST_MARK": mark,
    }
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    read_authentication_anew()
    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": cpus, "num_gpus": 1, "include_dashboard": False}
    )
    try:
        with joined(cluster.address):
            ray.get(start_board_pool(patience).status.remote())
            yield LabCluster(cluster, CommandLine(folder, environment, mark))
    finally:
        cluster.shutdown()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        read_authentication_anew()


def read_authentication_anew() -> None:
    """Ray reads these variables when it is imported, which may have been for another test."""
    AuthenticationTokenLoader.instance().reset_cache()
    Config.initialize("")


def images(count: int) -> list[FirmwareImage]:
    """Give images of different small networks."""
    board = load_board_type(BOARD)
    return [
        link_image(example_model(bytes([number % 128, number // 128, *range(62)])), board) for number in range(count)
    ]


def request(image: FirmwareImage, sweep: str = "sweep", **changes: Any) -> MeasureRequest:
    """Ask for an image on behalf of a sweep, always by the same name."""
    return MeasureRequest(f"{sweep}/{image.model_hash}", sweep, image, SAMPLES, repeats=1, **changes)


def ask(wanted: MeasureRequest) -> Reply:
    """Ask as a coordinator does: again and again."""
    pool, reply = PoolClient(), None
    while reply is None:
        reply = pool.call("measure", wanted)
    return reply


@contextmanager
def asking(requests: Sequence[MeasureRequest]) -> Iterator[list["Future[Reply]"]]:
    """Ask for all at once while the block runs; leaving it waits for every reply."""
    with ThreadPoolExecutor(len(requests)) as threads:
        yield [threads.submit(ask, wanted) for wanted in requests]


def measured(replies: Sequence["Future[Reply]"]) -> list[Measured]:
    """Give the replies, all of which must be measurements."""
    found = [reply.result() for reply in replies]
    assert all(isinstance(reply, Measured) for reply in found), found
    return [reply for reply in found if isinstance(reply, Measured)]


def kill_actor(actor: Any) -> None:
    """End an actor's process as the system does when memory runs out."""
    os.kill(ray.get(actor.__ray_call__.remote(lambda _: os.getpid())), signal.SIGKILL)


def until(condition: Callable[[], Any], limit_s: float = 30.0) -> Any:
    """Wait until a condition holds, and give what it gave."""
    deadline = time.monotonic() + limit_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)
    return found


class Sampler(threading.Thread):
    """Calls a function again and again, and keeps what it gave."""

    def __init__(self, function: Callable[[], Any], pause_s: float = 0.05) -> None:
        super().__init__(daemon=True)
        self._function, self._pause_s, self._done = function, pause_s, threading.Event()
        self.found: list[Any] = []

    def run(self) -> None:
        while not self._done.wait(self._pause_s):
            self.found.append(self._function())

    def __enter__(self) -> "Sampler":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.join()
