"""Pack intervals of time into less memory than first fit found: depth-first, bounded by a budget of work.

Any packing can be pushed down until every item rests on the bottom or on another, and its items be taken in the order
of their offsets; each then rests on the highest of those before it that live with it. So it suffices to try orders
and to know, for each step, how high it is filled. A branch ends when an item would stick out of the target, when the
rest of some step's items no longer fits above its height, or when a gap is left that an item yet to come could fill.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_WORK = 120_000
"""Steps of the inner loops: some tens of milliseconds. Counting work, not time, keeps the result reproducible."""


@dataclass(frozen=True)
class Item:
    """`size` bytes from step `first` to step `last`, both included."""

    size: int
    first: int
    last: int


def smaller_packing(items: Sequence[Item], above: int, bound: int, unit: int) -> list[int] | None:
    """Give offsets of a packing smaller than `above`, in the order of `items`; None where none was found.

    Args:
        bound: a size that no packing can undercut; the search ends there.
        unit: sizes are multiples of it.
    """
    search = _Search(items)
    best = None
    while above > bound:
        # First the whole way down, for that is where packings usually are; then by whatever is less than now.
        offsets = search.packing_within(bound) if best is None else None
        offsets = offsets or search.packing_within(above - unit)
        if offsets is None:
            break
        best = offsets
        above = max(offset + item.size for offset, item in zip(offsets, items, strict=True))
    return best


class _Search:
    def __init__(self, items: Sequence[Item]) -> None:
        times = sorted({item.first for item in items})
        self._items = items
        # Only steps in which something begins matter: at any other the live set is a subset of an earlier one's.
        self._spans = [[i for i, step in enumerate(times) if it.first <= step <= it.last] for it in items]
        self._steps = len(times)
        self._work_left = _WORK

    def packing_within(self, target: int) -> list[int] | None:
        """Give offsets with which all items end at or below `target`, None where the budget finds none."""
        self._work = self._work_left // 2
        self._work_left -= self._work
        self._target = target
        self._heights = [0] * self._steps
        self._to_come = [0] * self._steps
        for item, span in zip(self._items, self._spans, strict=True):
            for step in span:
                self._to_come[step] += item.size
        self._offsets = [-1] * len(self._items)
        if max(self._to_come, default=0) > target:
            return None
        return list(self._offsets) if self._place_rest(len(self._items), 0) else None

    def _place_rest(self, left: int, lowest: int) -> bool:
        """Place the `left` items that have no offset yet, none below `lowest`."""
        if left == 0:
            return True
        for offset, index in self._candidates(lowest):
            before = [self._heights[step] for step in self._spans[index]]
            if self._put(index, offset) and self._place_rest(left - 1, offset):
                return True
            self._take_back(index, before)
            if self._work < 0:
                return False
        return False

    def _candidates(self, lowest: int) -> list[tuple[int, int]]:
        """Give (offset, item) of all that may come next, the lowest and largest first."""
        found = []
        for index, span in enumerate(self._spans):
            if self._offsets[index] < 0:
                self._work -= len(span)
                offset = max([self._heights[step] for step in span])
                if offset >= lowest:
                    found.append((offset, index))
        ceiling = min((offset + self._items[index].size for offset, index in found), default=0)
        return sorted(
            (pair for pair in found if pair[0] < ceiling),
            key=lambda pair: (pair[0], -self._items[pair[1]].size, pair[1]),
        )

    def _put(self, index: int, offset: int) -> bool:
        """Place an item; whether all that remains still fits in principle."""
        size = self._items[index].size
        self._offsets[index] = offset
        fits = True
        for step in self._spans[index]:
            self._heights[step] = offset + size
            self._to_come[step] -= size
            fits = fits and offset + size + self._to_come[step] <= self._target
        self._work -= len(self._spans[index])
        return fits

    def _take_back(self, index: int, before: list[int]) -> None:
        self._offsets[index] = -1
        for step, height in zip(self._spans[index], before, strict=True):
            self._heights[step] = height
            self._to_come[step] += self._items[index].size
