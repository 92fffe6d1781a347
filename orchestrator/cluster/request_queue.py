"""The rules of the board pool, without Ray and with a clock passed in."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from orchestrator.domain.model import FirmwareImage
from orchestrator.pipeline.stages import Measured

MAX_ATTEMPTS = 3


@dataclass(frozen=True)
class MeasureRequest:
    """One image to be measured on any healthy board of its type.

    Attributes:
        request_id: equal ids mean equal work; it is done once, however often it is asked for.
        sweep: whose turn it is, for fairness between sweeps.
        samples: input tensors of real samples to run after the timed inference.
        keep_stale_weights: only cycles and memory are asked for: weights need not be written.
    """

    request_id: str
    sweep: str
    image: FirmwareImage
    samples: tuple[tuple[bytes, ...], ...]
    repeats: int
    keep_stale_weights: bool = False


@dataclass(frozen=True)
class Failure:
    """A measurement that no board could deliver: the last cause and what was said."""

    cause: str
    text: str


Reply = Measured | Failure


@dataclass(frozen=True)
class Lease:
    """A request handed to one board until the lease is ended, or runs out with its holder."""

    lease_id: int
    request: MeasureRequest
    waited_s: float


@dataclass
class _Work:
    request: MeasureRequest
    asked_at: float
    attempts: int = 0
    tried_units: set[str] = field(default_factory=set)


@dataclass
class _Held:
    work: _Work
    unit: str
    expires_at: float


class RequestQueue:
    """Requests waiting per sweep, leases given out, replies known.

    Guarantees: equal ids are worked on once at a time; a lease that runs out puts its request back at the front;
    sweeps take turns; a unit that failed a request gets it again only if no other unit took it meanwhile.
    """

    def __init__(self, now: Callable[[], float], lease_s: float) -> None:
        self._now = now
        self._lease_s = lease_s
        self._waiting: dict[str, deque[_Work]] = {}
        self._turns: deque[str] = deque()
        self._held: dict[int, _Held] = {}
        self._open_ids: set[str] = set()
        self._next_lease = 0
        self.replies: dict[str, Reply] = {}

    def add(self, request: MeasureRequest) -> None:
        """Queue a request, unless the same is open; a reply that was a failure is not final: it is tried anew."""
        known = self.replies.get(request.request_id)
        if request.request_id in self._open_ids or isinstance(known, Measured):
            return
        self.replies.pop(request.request_id, None)
        self._open_ids.add(request.request_id)
        self._put(_Work(request, self._now()), first=False)

    def take(self, unit: str, board: str) -> Lease | None:
        """Lease the next request for a board of type `board`, or None; sweeps take turns."""
        for _ in range(len(self._turns)):
            sweep = self._turns[0]
            self._turns.rotate(-1)
            work = self._pick(self._waiting[sweep], unit, board)
            if work is not None:
                return self._lease(work, unit)
        return None

    def renew(self, lease_id: int) -> bool:
        """Prolong a lease; False if it ran out and the request may be elsewhere by now."""
        held = self._held.get(lease_id)
        if held is None:
            return False
        held.expires_at = self._now() + self._lease_s
        return True

    def deliver(self, lease_id: int, measured: Measured) -> None:
        """End a lease with a measurement. One from a lease that ran out is as good, if it is the first."""
        held = self._held.pop(lease_id, None)
        if held is not None:
            self._finish(held.work, measured)

    def give_back(self, lease_id: int, failure: Failure) -> None:
        """End a lease without a measurement: retried, elsewhere if there is another unit, up to a limit."""
        held = self._held.pop(lease_id, None)
        if held is None:
            return
        held.work.attempts += 1
        held.work.tried_units.add(held.unit)
        if held.work.attempts >= MAX_ATTEMPTS:
            self._finish(held.work, failure)
        else:
            self._put(held.work, first=True)

    def expire(self) -> None:
        """Put back what is held by holders that went silent."""
        for lease_id, held in list(self._held.items()):
            if held.expires_at < self._now():
                self.give_back(lease_id, Failure("agent-lost", f"the agent of {held.unit} fell silent"))

    def _put(self, work: _Work, first: bool) -> None:
        sweep = work.request.sweep
        if sweep not in self._waiting:
            self._waiting[sweep] = deque()
            self._turns.append(sweep)
        queue = self._waiting[sweep]
        if first:
            queue.appendleft(work)
        else:
            queue.append(work)

    def _pick(self, queue: deque[_Work], unit: str, board: str) -> _Work | None:
        fitting = [work for work in queue if work.request.image.board == board]
        fresh = [work for work in fitting if unit not in work.tried_units]
        for work in (fresh or fitting)[:1]:
            queue.remove(work)
            return work
        return None

    def _lease(self, work: _Work, unit: str) -> Lease:
        self._next_lease += 1
        self._held[self._next_lease] = _Held(work, unit, self._now() + self._lease_s)
        return Lease(self._next_lease, work.request, self._now() - work.asked_at)

    def _finish(self, work: _Work, reply: Reply) -> None:
        self._open_ids.discard(work.request.request_id)
        self.replies[work.request.request_id] = reply
