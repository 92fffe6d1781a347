"""A Ray node of an agent's own: the host of boards joins a cluster without lending it any CPU."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.domain.errors import InputError

START_S = 90.0
STOP_S = 20.0
LOOK_S = 0.1


@contextmanager
def lab_node(head: str) -> Iterator[Callable[[], bool]]:
    """Join the cluster whose head is `HOST:PORT` for the time of the block; gives a test whether the node still runs.

    Raises:
        InputError: the node ended at once or did not join in time; the text holds what it said.
    """
    ray = Path(sys.executable).with_name("ray")
    command = [str(ray), "start", f"--address={head}", "--num-cpus=0", "--block", "--disable-usage-stats"]
    with tempfile.NamedTemporaryFile("w+") as said:
        node = subprocess.Popen(
            command, stdout=said, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )
        try:
            _wait_until_up(node, head, Path(said.name))
            yield lambda: node.poll() is None
        finally:
            _end(node)


def _wait_until_up(node: "subprocess.Popen[bytes]", head: str, said: Path) -> None:
    """`ray start --block` says "Ray runtime started" when the node has joined, and goes on running."""
    deadline = time.monotonic() + START_S
    while "runtime started" not in said.read_text().lower():
        if node.poll() is not None or time.monotonic() > deadline:
            text = " ".join(said.read_text().split())[-400:]
            raise InputError(f"--address {head}: this host cannot join the cluster: {text}")
        time.sleep(LOOK_S)


def _end(node: "subprocess.Popen[bytes]") -> None:
    node.terminate()  # with --block it ends what it started before it ends itself
    try:
        node.wait(STOP_S)
    except subprocess.TimeoutExpired:
        node.kill()
        node.wait()
