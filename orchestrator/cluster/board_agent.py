"""The agent of a lab host: owns its boards, one thread each, and tells the pool of them."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from orchestrator.cluster.pool_client import PoolClient
from orchestrator.cluster.unit_worker import UnitWorker
from orchestrator.domain.errors import InfrastructureError, InputError
from orchestrator.domain.mapped_device import MappedDevice
from orchestrator.lab.hosts import units_of
from orchestrator.lab.references import References
from orchestrator.lab.roll_call import LOST_S, REPORT_S
from orchestrator.lab.unit import Unit
from orchestrator.lab.unit_status import UnitStatus

if TYPE_CHECKING:
    from orchestrator.lab.virtual_unit import Rehearsal

logger = logging.getLogger(__name__)

STOP_S = 30.0
"""Longest that the end of an agent waits for measurements under way."""


class BoardAgent:
    """Serves units until the actor ends.

    Args:
        host: names the agent in the lab.
        devices: rows of a hardware map.
        virtual: board type and count of virtual boards to serve.
        rehearsal: faults that the virtual boards are to have.
        others: units from elsewhere.
        state: folder for what outlives the agent; None: nothing does.
        sweep: the only one to serve; None: any.

    Raises:
        InputError: another agent of this name serves the lab.
    """

    def __init__(
        self,
        host: str,
        devices: Sequence[MappedDevice],
        virtual: Mapping[str, int],
        rehearsal: Rehearsal | None = None,
        others: Sequence[Unit] = (),
        state: Path | None = None,
        sweep: str | None = None,
    ) -> None:
        self._host = host
        self._stop = threading.Event()
        self._pool = PoolClient(self._stop.is_set)
        self._identity = _identity()
        self._claim_name()
        units = [*units_of(devices, virtual, rehearsal), *others]
        references = References(state)
        self._workers = [UnitWorker(unit, host, self._pool, self._stop, references, sweep) for unit in units]
        for worker in self._workers:
            worker.start()
        self._reporter = threading.Thread(target=self._report_for_ever, daemon=True)
        self._reporter.start()

    def status(self) -> tuple[UnitStatus, ...]:
        """Say how the units do."""
        return tuple(worker.status() for worker in self._workers)

    def stop(self) -> None:
        """Finish what is being measured, within `STOP_S`, end the boards, and return when that is done."""
        self._stop.set()
        deadline = time.monotonic() + STOP_S
        for worker in self._workers:
            if not worker.join(max(0.0, deadline - time.monotonic())):
                logger.warning("%s: still measures after %.0f s; it is left alone", worker.name, STOP_S)
        self._reporter.join(max(1.0, deadline - time.monotonic()))

    def _claim_name(self) -> None:
        """Wait until a predecessor that was killed is forgotten: units are known by their agent's name."""
        deadline = time.monotonic() + LOST_S + REPORT_S
        while not self._pool.call("report", self._host, self._identity, ()):
            if time.monotonic() > deadline:
                raise InputError(f"--name {self._host}: another agent of this name serves the lab; give each its own")
            time.sleep(REPORT_S / 2)

    def _report_for_ever(self) -> None:
        stopped = False
        while not stopped:
            self._call("report", self.status())
            stopped = self._stop.wait(REPORT_S)
        self._call("leave")

    def _call(self, method: str, *arguments: Any) -> None:
        try:
            self._pool.call(method, self._host, self._identity, *arguments)
        except InfrastructureError as error:
            logger.error("%s: %s", self._host, error)


def _identity() -> str:
    """Tell agents of one name apart: an actor keeps its id when Ray restarts it."""
    context = ray.get_runtime_context()
    return str(context.get_actor_id() or f"{context.get_node_id()}/{os.getpid()}")


def start_agent(
    host: str,
    virtual: Mapping[str, int],
    rehearsal: Rehearsal | None = None,
    sweep: str | None = None,
    node_id: str | None = None,
) -> Any:
    """Start an agent with virtual boards as an actor; it ends with this process, and is restarted if it dies.

    Args:
        node_id: of the Ray node to run on; None: this one.
    """
    actor = ray.remote(num_cpus=0, max_concurrency=4, max_restarts=-1)(BoardAgent)
    node = NodeAffinitySchedulingStrategy(node_id or ray.get_runtime_context().get_node_id(), soft=False)
    return actor.options(scheduling_strategy=node).remote(host, (), virtual, rehearsal, sweep=sweep)
