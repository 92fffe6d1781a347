"""The agent of a lab host: owns its boards, one thread each, and tells the pool of them."""

import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from orchestrator.cluster.board_pool import REPORT_S
from orchestrator.cluster.pool_client import PoolClient, PoolLostError
from orchestrator.cluster.unit_worker import UnitWorker
from orchestrator.domain.mapped_device import MappedDevice
from orchestrator.lab.hosts import units_of
from orchestrator.lab.references import References
from orchestrator.lab.unit import Unit
from orchestrator.lab.unit_status import UnitStatus
from orchestrator.lab.virtual_unit import Rehearsal

logger = logging.getLogger(__name__)


class BoardAgent:
    """Serves units until the actor ends.

    Args:
        host: names the agent in the lab.
        devices: rows of a hardware map.
        virtual: board type and count of virtual boards to serve.
        rehearsal: faults that the virtual boards are to have.
        others: units from elsewhere.
        state: folder for what outlives the agent; None: nothing does.
    """

    def __init__(
        self,
        host: str,
        devices: Sequence[MappedDevice],
        virtual: Mapping[str, int],
        rehearsal: Rehearsal | None = None,
        others: Sequence[Unit] = (),
        state: Path | None = None,
    ) -> None:
        self._host = host
        self._stop = threading.Event()
        self._pool = PoolClient(self._stop.is_set)
        units = [*units_of(devices, virtual, rehearsal), *others]
        references = References(state)
        self._workers = [UnitWorker(unit, host, self._pool, self._stop, references) for unit in units]
        for worker in self._workers:
            worker.start()
        self._reporter = threading.Thread(target=self._report_for_ever, daemon=True)
        self._reporter.start()

    def status(self) -> tuple[UnitStatus, ...]:
        """Say how the units do."""
        return tuple(worker.status() for worker in self._workers)

    def stop(self) -> None:
        """Finish what is being measured, end the boards, and return when that is done."""
        self._stop.set()
        for worker in self._workers:
            worker.join()
        self._reporter.join()

    def _report_for_ever(self) -> None:
        stopped = False
        while not stopped:
            stopped = self._stop.wait(REPORT_S)
            try:
                self._pool.call("report", self._host, () if stopped else self.status())
            except PoolLostError as error:
                logger.error("%s: %s", self._host, error)


def start_agent(host: str, virtual: Mapping[str, int], rehearsal: Rehearsal | None = None) -> Any:
    """Start an agent with virtual boards as an actor on this node; it ends with this process."""
    actor = ray.remote(num_cpus=0, max_concurrency=4)(BoardAgent)
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return actor.options(scheduling_strategy=here).remote(host, (), virtual, rehearsal)
