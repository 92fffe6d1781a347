"""Place tensors and scratch memory in one arena, so that what lives at the same time never overlaps."""

from bisect import insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestrator.compiler.memory.packing_search import Item, smaller_packing

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

    First fit in several orders; the smallest arena wins, the first order among equals. Where it stays above the
    lower bound, a bounded search looks for a smaller one. Deterministic.
    """
    bound = largest_live_set(buffers)
    orders = [sorted(buffers, key=order) for order in (*_ORDERS, _around_peak(buffers))]
    best = min((_plan(order, bound) for order in orders), key=lambda plan: plan.arena_bytes)
    return best if best.arena_bytes == bound else _searched(orders[0], best)


def largest_live_set(buffers: Sequence[Buffer]) -> int:
    """Give the bytes that are needed at once in the most demanding step."""
    return max(_live_bytes(buffers).values(), default=0)


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


def _around_peak(buffers: Sequence[Buffer]) -> Callable[[Buffer], _Order]:
    """Give the order by distance from the most demanding step: what is tight is placed first."""
    live = _live_bytes(buffers)
    peak = max(live, key=lambda step: (live[step], -step), default=0)

    def order(buffer: Buffer) -> _Order:
        return (max(buffer.first - peak, peak - buffer.last, 0), -buffer.size_bytes, buffer.name)

    return order


def _live_bytes(buffers: Sequence[Buffer]) -> dict[int, int]:
    """Give the bytes needed in each step in which a buffer begins: the most demanding one is among them."""
    return {
        step: sum(_padded(buffer) for buffer in buffers if buffer.first <= step <= buffer.last)
        for step in sorted({buffer.first for buffer in buffers})
    }


def _plan(ordered: Sequence[Buffer], bound: int) -> Plan:
    """Put each buffer, in the given order, at the lowest offset that is free throughout its life."""
    placed: list[tuple[int, str, Buffer]] = []
    for buffer in ordered:
        offset = 0
        for start, _, other in placed:
            if start >= offset + _padded(buffer):
                break
            if other.lives_with(buffer):
                offset = max(offset, start + _padded(other))
        insort(placed, (offset, buffer.name, buffer))
    arena = max((offset + _padded(buffer) for offset, _, buffer in placed), default=0)
    return Plan({buffer.name: offset for offset, _, buffer in placed}, arena, bound)


def _searched(ordered: Sequence[Buffer], best: Plan) -> Plan:
    items = [Item(_padded(buffer), buffer.first, buffer.last) for buffer in ordered]
    offsets = smaller_packing(items, best.arena_bytes, best.lower_bound_bytes, ALIGNMENT_BYTES)
    if offsets is None:
        return best
    arena = max(offset + item.size for offset, item in zip(offsets, items, strict=True))
    named = {buffer.name: offset for buffer, offset in zip(ordered, offsets, strict=True)}
    return Plan(named, arena, best.lower_bound_bytes)


def _padded(buffer: Buffer) -> int:
    return -(-buffer.size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
