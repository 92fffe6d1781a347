"""The board pool: one named actor where measurement requests wait and agents pull them."""

import asyncio
import time
from typing import Any

import ray

from orchestrator.cluster.request_queue import Failure, Lease, MeasureRequest, Reply, RequestQueue
from orchestrator.pipeline.stages import Measured

POOL_NAME = "board-pool"
LEASE_S = 30.0
CHECK_S = 1.0


class BoardPool:
    """`RequestQueue` as an asynchronous actor: `measure` waits for its reply, `pull` waits for work.

    Boards are no Ray resource, because those are fixed when a node starts and know neither health nor fairness.
    """

    def __init__(self) -> None:
        self._queue = RequestQueue(time.monotonic, LEASE_S)
        self._changed = asyncio.Condition()
        self._expiry: asyncio.Task[None] | None = None

    async def measure(self, request: MeasureRequest) -> Reply:
        """Give the reply to a request; asking again with the same id gives the same reply."""
        if self._expiry is None:
            self._expiry = asyncio.create_task(self._expire_for_ever())
        async with self._changed:
            self._queue.add(request)
            self._changed.notify_all()
            await self._changed.wait_for(lambda: request.request_id in self._queue.replies)
            return self._queue.replies[request.request_id]

    async def pull(self, unit: str, board: str, timeout_s: float) -> Lease | None:
        """Lease the next request for a free, healthy board; None when none came within `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        async with self._changed:
            while True:
                lease = self._queue.take(unit, board)
                remaining = deadline - time.monotonic()
                if lease is not None or remaining <= 0:
                    return lease
                try:
                    await asyncio.wait_for(self._changed.wait(), remaining)
                except TimeoutError:
                    return None

    async def renew(self, lease_id: int) -> bool:
        """Prolong a lease while the board works."""
        return self._queue.renew(lease_id)

    async def deliver(self, lease_id: int, measured: Measured) -> None:
        """End a lease with its measurement."""
        async with self._changed:
            self._queue.deliver(lease_id, measured)
            self._changed.notify_all()

    async def give_back(self, lease_id: int, failure: Failure) -> None:
        """End a lease without a measurement."""
        async with self._changed:
            self._queue.give_back(lease_id, failure)
            self._changed.notify_all()

    async def _expire_for_ever(self) -> None:
        while True:
            await asyncio.sleep(CHECK_S)
            async with self._changed:
                self._queue.expire()
                self._changed.notify_all()


def start_board_pool() -> Any:
    """Give the handle of the cluster's pool, starting it where there is none."""
    actor = ray.remote(num_cpus=0, max_concurrency=1000, max_restarts=-1, max_task_retries=-1)(BoardPool)
    return actor.options(name=POOL_NAME, get_if_exists=True, lifetime="detached").remote()
