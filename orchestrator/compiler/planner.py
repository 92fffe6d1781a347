"""Place tensors and scratch memory in one arena, so that what lives at the same time never overlaps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

ALIGNMENT_BYTES = 4


@dataclass(frozen=True)
class Buffer:
    """Memory needed from step `first` to step `last`, both included."""

    name: str
    size_bytes: int
    first: int
    last: int

    def lives_with(self, other: "Buffer") -> bool:
        """Whether both are needed in some step."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Plan:
    """Offsets by buffer name; `lower_bound_bytes` is the largest live set, below which no plan can get."""

    offsets: dict[str, int]
    arena_bytes: int
    lower_bound_bytes: int


def plan_arena(buffers: Sequence[Buffer]) -> Plan:
    """Give offsets for all buffers.

    Greedy first fit in several orders; the smallest arena wins, the first order among equals. Deterministic.
    """
    bound = _largest_live_set(buffers)
    plans = [_plan(sorted(buffers, key=order), bound) for order in _ORDERS]
    return min(plans, key=lambda plan: plan.arena_bytes)


_Order = tuple[int, int, str]


def _by_size(buffer: Buffer) -> _Order:
    return (-buffer.size_bytes, buffer.first, buffer.name)


def _by_area(buffer: Buffer) -> _Order:
    return (-buffer.size_bytes * (buffer.last - buffer.first + 1), buffer.first, buffer.name)


def _by_lifetime(buffer: Buffer) -> _Order:
    return (buffer.first - buffer.last, -buffer.size_bytes, buffer.name)


def _by_start(buffer: Buffer) -> _Order:
    return (buffer.first, -buffer.size_bytes, buffer.name)


_ORDERS: tuple[Callable[[Buffer], _Order], ...] = (_by_size, _by_area, _by_lifetime, _by_start)


def _plan(ordered: Sequence[Buffer], bound: int) -> Plan:
    """Put each buffer, in the given order, at the lowest offset that is free throughout its life."""
    placed: list[tuple[int, Buffer]] = []
    for buffer in ordered:
        offset = 0
        for start, other in sorted(placed, key=lambda entry: entry[0]):
            if other.lives_with(buffer) and start < offset + _padded(buffer):
                offset = max(offset, start + _padded(other))
        placed.append((offset, buffer))
    arena = max((offset + _padded(buffer) for offset, buffer in placed), default=0)
    return Plan({buffer.name: offset for offset, buffer in placed}, arena, bound)


def _padded(buffer: Buffer) -> int:
    return -(-buffer.size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def _largest_live_set(buffers: Sequence[Buffer]) -> int:
    steps = {buffer.first for buffer in buffers}
    return max(
        (sum(_padded(buffer) for buffer in buffers if buffer.first <= step <= buffer.last) for step in steps),
        default=0,
    )
