"""The rules of the board pool, with a clock passed in."""

import uuid
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from orchestrator.lab.requests import Failure, Lease, Measured, MeasureRequest, Reply

MIN_ATTEMPTS = 3
"""A request fails for good after so many attempts, if no healthy unit is left that has not tried it."""

MAX_ATTEMPTS = 6
"""And after so many in any case; lost agents are counted apart, to the same limit."""

SEEN_S = 10.0
"""A unit that has not asked for work for so long, and holds none, is not counted on."""

KEPT_REPLIES = 4000
"""Replies that are remembered for callers who ask again; the oldest goes first."""


@dataclass
class _Work:
    request: MeasureRequest
    asked_at: float
    wanted_until: float
    attempts: int = 0
    losses: int = 0
    tried_units: set[str] = field(default_factory=set)


@dataclass
class _Held:
    work: _Work
    unit: str
    expires_at: float


@dataclass
class _Seen:
    board: str
    at: float


@dataclass
class _Sweep:
    waiting: deque[_Work] = field(default_factory=deque)
    held: int = 0
    served_at: int = 0


@dataclass(frozen=True)
class Patience:
    """How long the pool waits for others.

    Attributes:
        lease_s: for a word from the holder of a lease.
        wanted_s: for the asker to ask again; then the request is dropped.
        no_board_s: for a healthy unit of a request's board type.
    """

    lease_s: float = 30.0
    wanted_s: float = 90.0
    no_board_s: float = 600.0


class RequestQueue:
    """Requests waiting per sweep, leases given out, replies known.

    Guarantees: equal ids are worked on once at a time; a lease that runs out puts its request back at the front; the
    sweep that holds fewest boards is next; a unit that failed a request gets it again only when every other healthy
    unit of its type has failed it too; nothing waits for ever.
    """

    def __init__(self, now: Callable[[], float], patience: Patience = Patience()) -> None:
        self._now = now
        self._patience = patience
        self._sweeps: dict[str, _Sweep] = {}
        self._held: dict[str, _Held] = {}
        self._open: dict[str, _Work] = {}
        self._seen: dict[str, _Seen] = {}
        self._occupied: dict[str, _Seen] = {}
        self._served = 0
        self.replies: OrderedDict[str, Reply] = OrderedDict()
        self.faults: dict[str, Counter[str]] = {}

    def add(self, request: MeasureRequest) -> None:
        """Queue a request, or say that it is still wanted; a failure is no final reply: it is tried anew."""
        wanted_until = self._now() + self._patience.wanted_s
        if request.request_id in self._open:
            self._open[request.request_id].wanted_until = wanted_until
        elif not isinstance(self.replies.get(request.request_id), Measured):
            self.replies.pop(request.request_id, None)
            work = _Work(request, self._now(), wanted_until)
            self._open[request.request_id] = work
            self._sweep(request.sweep).waiting.append(work)

    def take(self, unit: str, board: str) -> Lease | None:
        """Lease the next request to a healthy unit of type `board`, or None."""
        self._seen[unit] = _Seen(board, self._now())
        for name in sorted(self._sweeps, key=self._turn):
            sweep = self._sweeps[name]
            for work in sweep.waiting:
                if self._suits(work, sweep, unit, board):
                    sweep.waiting.remove(work)
                    return self._lease(work, sweep, unit)
        return None

    def renew(self, lease_id: str) -> bool:
        """Prolong a lease; False if it ran out and the request may be elsewhere by now."""
        held = self._held.get(lease_id)
        if held is None:
            return False
        held.expires_at = self._now() + self._patience.lease_s
        self._seen[held.unit].at = self._now()
        return True

    def deliver(self, lease_id: str, request_id: str, measured: Measured) -> None:
        """End a lease with a measurement. One whose lease ran out is as good, if it is the first."""
        self._release(lease_id)
        work = self._open.get(request_id)
        if work is not None and work in self._sweep(work.request.sweep).waiting:
            self._sweep(work.request.sweep).waiting.remove(work)
        self._finish(request_id, measured)

    def give_back(self, lease_id: str, failure: Failure) -> None:
        """End a lease without a measurement: tried again, elsewhere if there is another unit, up to a limit."""
        held = self._release(lease_id)
        if held is None:
            return
        work = held.work
        self.faults.setdefault(work.request.sweep, Counter())[failure.cause] += 1
        if failure.cause == "agent-lost":
            work.losses += 1
        else:
            work.attempts += 1
            work.tried_units.add(held.unit)
        if self._is_hopeless(work):
            self._finish(work.request.request_id, failure)
        elif work.request.request_id in self._open:
            self._sweep(work.request.sweep).waiting.appendleft(work)

    def decline(self, lease_id: str) -> None:
        """End a lease of a unit that somebody else uses: nothing was tried, so nothing is counted."""
        held = self._release(lease_id)
        if held is None:
            return
        self._seen.pop(held.unit, None)
        if held.work.request.request_id in self._open:
            self._sweep(held.work.request.sweep).waiting.appendleft(held.work)

    def occupied(self, unit: str, board: str) -> None:
        """Know that a unit is there but in somebody else's use: requests wait for it, however long that takes."""
        self._occupied[unit] = _Seen(board, self._now())

    def expire(self) -> None:
        """End what nobody waits for, what nobody can do, and the leases of holders that went silent."""
        now = self._now()
        for lease_id, held in list(self._held.items()):
            if held.expires_at < now:
                self.give_back(lease_id, Failure("agent-lost", f"the agent of {held.unit} fell silent"))
        for work in list(self._waiting()):
            if work.wanted_until < now:
                self._drop(work)
            elif self._starves(work):
                self._drop(work)
                text = f"no healthy board of type {work.request.image.board} for {self._patience.no_board_s:g} s"
                self._finish(work.request.request_id, Failure("no-board", text))

    def close(self, sweep: str) -> None:
        """Forget a sweep that has ended: what it still has waiting, and its count of faults."""
        for request_id in [name for name, work in self._open.items() if work.request.sweep == sweep]:
            del self._open[request_id]
        self._sweeps.pop(sweep, None)
        self.faults.pop(sweep, None)

    def waiting_by_sweep(self) -> dict[str, int]:
        """How many requests wait for a board, per sweep."""
        return {name: len(sweep.waiting) for name, sweep in self._sweeps.items()}

    def _sweep(self, name: str) -> _Sweep:
        return self._sweeps.setdefault(name, _Sweep())

    def _turn(self, name: str) -> tuple[int, int]:
        return self._sweeps[name].held, self._sweeps[name].served_at

    def _suits(self, work: _Work, sweep: _Sweep, unit: str, board: str) -> bool:
        request = work.request
        if request.image.board != board or request.unit not in (None, unit):
            return False
        if request.most_boards is not None and sweep.held >= request.most_boards:
            return False
        return unit not in work.tried_units or not self._others(work)

    def _others(self, work: _Work) -> set[str]:
        """Give the healthy units that could do the work and have not tried."""
        since = self._now() - SEEN_S
        board = work.request.image.board
        holding = {held.unit for held in self._held.values()}
        healthy = {unit for unit, seen in self._seen.items() if seen.board == board and seen.at >= since}
        healthy |= {unit for unit in holding if self._seen[unit].board == board}
        return {unit for unit in healthy if work.request.unit in (None, unit)} - work.tried_units

    def _is_hopeless(self, work: _Work) -> bool:
        if max(work.attempts, work.losses) >= MAX_ATTEMPTS:
            return True
        return work.attempts >= MIN_ATTEMPTS and not self._others(work)

    def _starves(self, work: _Work) -> bool:
        board, since = work.request.image.board, self._now() - self._patience.no_board_s
        known = [*self._seen.values(), *self._occupied.values()]
        seen = max((unit.at for unit in known if unit.board == board), default=0.0)
        return work.asked_at < since and seen < since

    def _lease(self, work: _Work, sweep: _Sweep, unit: str) -> Lease:
        self._served += 1
        sweep.served_at = self._served
        sweep.held += 1
        lease_id = uuid.uuid4().hex  # not a number: a pool that restarted must not take old leases for its own
        self._held[lease_id] = _Held(work, unit, self._now() + self._patience.lease_s)
        return Lease(lease_id, work.request, self._now() - work.asked_at)

    def _release(self, lease_id: str) -> _Held | None:
        held = self._held.pop(lease_id, None)
        if held is not None and held.work.request.sweep in self._sweeps:
            self._sweeps[held.work.request.sweep].held -= 1
        return held

    def _waiting(self) -> Iterator[_Work]:
        for sweep in self._sweeps.values():
            yield from sweep.waiting

    def _drop(self, work: _Work) -> None:
        self._sweep(work.request.sweep).waiting.remove(work)
        self._open.pop(work.request.request_id, None)

    def _finish(self, request_id: str, reply: Reply) -> None:
        self._open.pop(request_id, None)
        self.replies.setdefault(request_id, reply)
        while len(self.replies) > KEPT_REPLIES:
            self.replies.popitem(last=False)
