"""The rules of the board pool, with a clock passed in."""

import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from orchestrator.lab.replies import Replies
from orchestrator.lab.requests import Failure, Lease, Measured, MeasureRequest, Reply

MAX_ATTEMPTS = 12
"""A request fails for good after so many attempts; lost agents are counted apart, to the same limit.

A request that is to blame fails every time. Were every second measurement of a lab to fail by bad luck, one request of
4,000 would still be blamed wrongly; with six attempts it would be one of 64.
"""

SEEN_S = 10.0
"""A unit that has not asked for work for so long, and holds none, is not counted on."""

FORGOTTEN_S = 3600.0
"""A sweep that has asked for nothing for so long, and has nothing waiting, is forgotten."""


@dataclass(eq=False)
class _Work:
    request: MeasureRequest
    asked_at: float
    wanted_until: float
    attempts: int = 0
    losses: int = 0
    tried_units: set[str] = field(default_factory=set)


@dataclass
class _Held:
    """`work` is None where a pool that restarted knows of a lease, but was not asked for its request yet."""

    request_id: str
    unit: str
    expires_at: float
    work: _Work | None


@dataclass
class _Seen:
    board: str
    sweep: str | None
    at: float


@dataclass
class _Sweep:
    asked_at: float
    waiting: deque[_Work] = field(default_factory=deque)
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


PATIENCE = Patience()


class RequestQueue:
    """Requests waiting per sweep, leases given out, replies known.

    Guarantees: equal ids are worked on once at a time; a lease that runs out puts its request back at the front; the
    sweep that holds fewest boards is next; a unit that failed a request gets it again only when every other healthy
    unit of its type has failed it too; nothing waits for ever.
    """

    def __init__(self, now: Callable[[], float], patience: Patience = PATIENCE) -> None:
        self._now = now
        self._patience = patience
        self._sweeps: dict[str, _Sweep] = {}
        self._held: dict[str, _Held] = {}
        self._open: dict[str, _Work] = {}
        self._seen: dict[str, _Seen] = {}
        self._occupied: dict[str, _Seen] = {}
        self._served = 0
        self.replies = Replies()
        self.faults: dict[str, Counter[str]] = {}

    def add(self, request: MeasureRequest) -> None:
        """Queue a request, or say that it is still wanted; a failure is no final reply: it is tried anew."""
        sweep = self._sweeps.setdefault(request.sweep, _Sweep(self._now()))
        sweep.asked_at = self._now()
        wanted_until = self._now() + self._patience.wanted_s
        if request.request_id in self._open:
            self._open[request.request_id].wanted_until = wanted_until
        elif not self.replies.is_measured(request.request_id):
            self.replies.drop(request.request_id)
            work = _Work(request, self._now(), wanted_until)
            self._open[request.request_id] = work
            holder = self._holder_of(request.request_id)
            if holder is None:
                sweep.waiting.append(work)
            else:
                holder.work = work

    def take(self, unit: str, board: str, sweep: str | None = None) -> Lease | None:
        """Lease the next request to a healthy unit of type `board`, or None.

        Args:
            sweep: the only one that the unit serves; None: any.
        """
        self._end_leases_of(unit)
        self._seen[unit] = _Seen(board, sweep, self._now())
        holding = self._holding()
        names = self._sweeps if sweep is None else self._sweeps.keys() & {sweep}
        for name in sorted(names, key=lambda name: (holding[name], self._sweeps[name].served_at)):
            for work in self._sweeps[name].waiting:
                if self._suits(work, holding[name], unit):
                    self._sweeps[name].waiting.remove(work)
                    return self._lease(work, unit)
        return None

    def renew(self, lease_id: str, request_id: str, unit: str) -> bool:
        """Prolong a lease; False if the request is elsewhere or done by now.

        A lease that ran out, or was given by a pool before this one, is taken up again where nobody else works on it.
        """
        held = self._held.get(lease_id)
        if held is None:
            held = self._adopt(lease_id, request_id, unit)
        if held is None:
            return False
        held.expires_at = self._now() + self._patience.lease_s
        if unit in self._seen:
            self._seen[unit].at = self._now()
        return True

    def deliver(self, lease_id: str, request_id: str, sweep: str, measured: Measured) -> None:
        """End a lease with a measurement. One whose lease ran out is as good, if it is the first."""
        self._held.pop(lease_id, None)
        for cause in measured.mended:
            self._count_fault(sweep, cause)
        work = self._open.get(request_id)
        if work is not None:
            self._stop_waiting(work)
        self._finish(request_id, sweep, measured)

    def give_back(self, lease_id: str, failure: Failure) -> None:
        """End a lease without a measurement: tried again, elsewhere if there is another unit, up to a limit."""
        held = self._held.pop(lease_id, None)
        if held is None or held.work is None:
            return
        work, request = held.work, held.work.request
        self._count_fault(request.sweep, failure.cause)
        if failure.cause == "agent-lost":
            work.losses += 1
        else:
            work.attempts += 1
            work.tried_units.add(held.unit)
        if self._open.get(request.request_id) is not work:
            return  # another unit was quicker, or the sweep has ended
        if max(work.attempts, work.losses) >= MAX_ATTEMPTS:
            self._finish(request.request_id, request.sweep, failure)
        else:
            self._sweeps[request.sweep].waiting.appendleft(work)

    def decline(self, lease_id: str) -> None:
        """End a lease of a unit that somebody else uses: nothing was tried, so nothing is counted."""
        held = self._held.pop(lease_id, None)
        if held is None or held.work is None:
            return
        self._seen.pop(held.unit, None)
        if self._open.get(held.request_id) is held.work:
            self._sweeps[held.work.request.sweep].waiting.appendleft(held.work)

    def occupied(self, unit: str, board: str) -> None:
        """Know that a unit is there but in somebody else's use: requests wait for it, however long that takes."""
        self._occupied[unit] = _Seen(board, None, self._now())

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
                text = f"no healthy board of type {work.request.image.board} for {self._patience.no_board_s:g} s"
                self._drop(work)
                self._finish(work.request.request_id, work.request.sweep, Failure("no-board", text))
        self._seen = {name: seen for name, seen in self._seen.items() if seen.at >= now - FORGOTTEN_S}
        for name, sweep in list(self._sweeps.items()):
            if sweep.asked_at < now - FORGOTTEN_S and not sweep.waiting:
                self.close(name)

    def close(self, sweep: str) -> None:
        """Forget a sweep that has ended: what it still has waiting, its replies, and its count of faults."""
        for request_id in [name for name, work in self._open.items() if work.request.sweep == sweep]:
            del self._open[request_id]
        self._sweeps.pop(sweep, None)
        self.faults.pop(sweep, None)
        self.replies.drop_sweep(sweep)

    def waiting_by_sweep(self) -> dict[str, int]:
        """How many requests wait for a board, per sweep."""
        return {name: len(sweep.waiting) for name, sweep in self._sweeps.items()}

    def _holding(self) -> Counter[str]:
        """Count the boards that each sweep holds."""
        return Counter(held.work.request.sweep for held in self._held.values() if held.work is not None)

    def _holder_of(self, request_id: str) -> _Held | None:
        return next((held for held in self._held.values() if held.request_id == request_id), None)

    def _adopt(self, lease_id: str, request_id: str, unit: str) -> _Held | None:
        work = self._open.get(request_id)
        if request_id in self.replies or self._holder_of(request_id) is not None:
            return None
        if work is not None:
            self._stop_waiting(work)
        held = self._held[lease_id] = _Held(request_id, unit, self._now(), work)
        return held

    def _end_leases_of(self, unit: str) -> None:
        """A unit that asks for work has none: what it held was lost with an agent, or on the way to it."""
        for lease_id in [lease_id for lease_id, held in self._held.items() if held.unit == unit]:
            self.give_back(lease_id, Failure("agent-lost", f"{unit} was restarted"))

    def _suits(self, work: _Work, held_by_sweep: int, unit: str) -> bool:
        request = work.request
        if not self._can(unit, request):
            return False
        if request.most_boards is not None and held_by_sweep >= request.most_boards:
            return False
        return unit not in work.tried_units or not self._others(work)

    def _can(self, unit: str, request: MeasureRequest) -> bool:
        seen = self._seen[unit]
        if request.unit not in (None, unit) or seen.sweep not in (None, request.sweep):
            return False
        return seen.board == request.image.board

    def _others(self, work: _Work) -> set[str]:
        """Give the healthy units that could do the work and have not tried."""
        since = self._now() - SEEN_S
        holding = {held.unit for held in self._held.values()}
        healthy = {unit for unit, seen in self._seen.items() if unit in holding or seen.at >= since}
        return {unit for unit in healthy if self._can(unit, work.request)} - work.tried_units

    def _starves(self, work: _Work) -> bool:
        since = self._now() - self._patience.no_board_s
        request = work.request
        seen = [seen.at for unit, seen in self._seen.items() if self._can(unit, request)]
        seen += [seen.at for unit, seen in self._occupied.items() if seen.board == request.image.board]
        return work.asked_at < since and all(at < since for at in seen)

    def _lease(self, work: _Work, unit: str) -> Lease:
        self._served += 1
        self._sweeps[work.request.sweep].served_at = self._served
        lease_id = uuid.uuid4().hex  # not a number: a pool that restarted must not take old leases for its own
        lasts_s = self._patience.lease_s
        self._held[lease_id] = _Held(work.request.request_id, unit, self._now() + lasts_s, work)
        return Lease(lease_id, work.request, self._now() - work.asked_at, lasts_s)

    def _waiting(self) -> Iterator[_Work]:
        for sweep in self._sweeps.values():
            yield from sweep.waiting

    def _stop_waiting(self, work: _Work) -> None:
        sweep = self._sweeps.get(work.request.sweep)
        if sweep is not None and work in sweep.waiting:
            sweep.waiting.remove(work)

    def _drop(self, work: _Work) -> None:
        self._stop_waiting(work)
        self._open.pop(work.request.request_id, None)

    def _count_fault(self, sweep: str, cause: str) -> None:
        if sweep in self._sweeps:
            self.faults.setdefault(sweep, Counter())[cause] += 1

    def _finish(self, request_id: str, sweep: str, reply: Reply) -> None:
        self._open.pop(request_id, None)
        self.replies.put(request_id, sweep, reply)
