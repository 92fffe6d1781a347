"""The board pool: one named actor where measurement requests wait and agents pull them."""

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Any

import ray

from orchestrator.lab.attendance import Attendance, AttendanceList
from orchestrator.lab.golden import Golden
from orchestrator.lab.health import Health
from orchestrator.lab.request_queue import PATIENCE, Patience, RequestQueue
from orchestrator.lab.requests import Failure, Lease, Measured, MeasureRequest, Reply
from orchestrator.lab.roll_call import REPORT_S, RollCall
from orchestrator.lab.troubles import BoardTroubles
from orchestrator.lab.unit_status import UnitStatus

logger = logging.getLogger(__name__)

POOL_NAME = "board-pool"
NAMESPACE = "mcutune"
HEAD = "node:__internal_head__"
"""Ray's resource of the head: there the pool is not lost with a host of boards or a laptop that leaves."""

CHECK_S = 1.0
ANSWER_S = 20.0
"""Longest that `measure` and `pull` keep a caller waiting: who calls again proves to be alive."""


@dataclass(frozen=True)
class PoolStatus:
    """Every unit that was reported lately, requests waiting per sweep, and faults met so far per sweep and cause."""

    units: tuple[UnitStatus, ...]
    waiting: dict[str, int]
    faults: dict[str, dict[str, int]]


class BoardPool:
    """`RequestQueue` as an asynchronous actor: `measure` waits for its reply, `pull` waits for work.

    Boards are no Ray resource, because those are fixed when a node starts and know neither health nor fairness. The
    pool keeps nothing that cannot be lost: who asked asks again, and equal ids are equal work.
    """

    def __init__(self, patience: Patience = PATIENCE) -> None:
        self._queue = RequestQueue(time.monotonic, patience)
        self._changed = asyncio.Condition()
        self._expiry: asyncio.Task[None] | None = None
        self._attendance = AttendanceList(time.monotonic)
        self._golden: dict[str, Golden] = {}
        self._roll_call = RollCall(time.monotonic)
        self._quarantined: dict[str, dict[str, str]] = {}
        restarted = ray.get_runtime_context().was_current_actor_reconstructed
        self._knows_from = time.monotonic() + (patience.lease_s / 3 + REPORT_S if restarted else 0.0)

    async def measure(self, request: MeasureRequest) -> Reply | None:
        """Give the reply to a request; None: not yet, ask again. Equal ids get the same reply."""
        self._watch()
        async with self._changed:
            self._queue.add(request)
            self._changed.notify_all()
            known = self._queue.replies
            try:
                await asyncio.wait_for(self._changed.wait_for(lambda: request.request_id in known), ANSWER_S)
            except TimeoutError:
                return None
            return known[request.request_id]

    async def pull(self, unit: str, board: str, timeout_s: float, sweep: str | None = None) -> Lease | None:
        """Lease the next request for a free, healthy unit; None when none came within `timeout_s`.

        Args:
            sweep: the only one that the unit serves; None: any.
        """
        deadline = time.monotonic() + timeout_s
        async with self._changed:
            while True:
                lease = self._queue.take(unit, board, sweep) if self._knows_leases() else None
                remaining = deadline - time.monotonic()
                if lease is not None or remaining <= 0:
                    return lease
                try:
                    await asyncio.wait_for(self._changed.wait(), remaining)
                except TimeoutError:
                    return None

    async def renew(self, lease_id: str, request_id: str, unit: str) -> bool:
        """Prolong a lease while the board works."""
        return self._queue.renew(lease_id, request_id, unit)

    async def deliver(self, lease_id: str, request_id: str, sweep: str, measured: Measured) -> None:
        """End a lease with its measurement."""
        async with self._changed:
            self._queue.deliver(lease_id, request_id, sweep, measured)
            self._changed.notify_all()

    async def give_back(self, lease_id: str, failure: Failure) -> None:
        """End a lease without a measurement."""
        async with self._changed:
            self._queue.give_back(lease_id, failure)
            self._changed.notify_all()

    async def decline(self, lease_id: str) -> None:
        """End a lease untried: somebody else uses the unit."""
        async with self._changed:
            self._queue.decline(lease_id)
            self._changed.notify_all()

    async def occupied(self, unit: str, board: str) -> None:
        """Know that somebody else uses a unit."""
        self._queue.occupied(unit, board)

    async def troubles(self, sweep: str) -> BoardTroubles:
        """Give what went wrong with boards in a sweep so far."""
        return BoardTroubles(dict(self._queue.faults.get(sweep, {})), dict(self._quarantined.get(sweep, {})))

    async def attend(self, attendance: Attendance, images: tuple[Golden, ...]) -> tuple[Attendance, ...]:
        """Note that a sweep is under way, and the images to check units of its board types with; gives the others.

        Hosts of boards have no compiler, and a pool that restarted knows nothing: so it is told again and again.
        """
        self._watch()
        for golden in images:
            await self.offer_golden(golden)
        return self._attendance.attend(attendance)

    async def offer_golden(self, golden: Golden) -> None:
        """Keep the image that units of a board type are checked with."""
        self._golden[golden.image.board] = golden

    async def close(self, sweep: str) -> None:
        """Forget a sweep that has ended."""
        async with self._changed:
            self._attendance.leave(sweep)
            self._forget(sweep)

    async def golden(self, board: str) -> Golden | None:
        """Give the image to check a unit with, where someone offered it."""
        return self._golden.get(board)

    async def report(self, agent: str, identity: str, units: tuple[UnitStatus, ...]) -> bool:
        """Take an agent's word on its units; False: its name is another agent's. See `RollCall`."""
        for unit in units:
            if unit.health is Health.QUARANTINED:
                for sweep in self._attendance.sweeps():
                    if unit.sweep in (None, sweep):
                        self._quarantined.setdefault(sweep, {})[unit.unit] = unit.reason
        return self._roll_call.report(agent, identity, units)

    async def leave(self, agent: str, identity: str) -> None:
        """Forget an agent that ends."""
        self._roll_call.leave(agent, identity)

    async def status(self) -> PoolStatus:
        """Give what is known of the lab."""
        await asyncio.sleep(max(0.0, self._knows_from - time.monotonic()))
        faults = {sweep: dict(counted) for sweep, counted in self._queue.faults.items()}
        return PoolStatus(self._roll_call.units(), self._queue.waiting_by_sweep(), faults)

    def _knows_leases(self) -> bool:
        """A pool that was restarted waits until every holder of a lease has renewed it: nothing is done twice."""
        return time.monotonic() >= self._knows_from

    def _watch(self) -> None:
        if self._expiry is None:
            self._expiry = asyncio.create_task(self._expire_for_ever())

    async def _expire_for_ever(self) -> None:
        while True:
            await asyncio.sleep(CHECK_S)
            async with self._changed:
                try:
                    self._expire()
                except Exception:  # a defect here must not leave requests waiting for ever
                    logger.exception("the board pool could not tidy up")
                self._changed.notify_all()

    def _expire(self) -> None:
        for sweep in self._attendance.absent():
            logger.warning("sweep %s ended without a word", sweep)
            self._forget(sweep)
        self._queue.expire()

    def _forget(self, sweep: str) -> None:
        self._queue.close(sweep)
        self._quarantined.pop(sweep, None)


def start_board_pool(patience: Patience = PATIENCE) -> Any:
    """Give the handle of the cluster's pool, starting it on the head where there is none."""
    actor = ray.remote(
        num_cpus=0, resources={HEAD: 0.001}, max_concurrency=10_000, max_restarts=-1, max_task_retries=-1
    )(BoardPool)
    options = actor.options(name=POOL_NAME, namespace=NAMESPACE, get_if_exists=True, lifetime="detached")
    return options.remote(patience)
