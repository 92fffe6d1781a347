"""Choose the order in which the operators of a branching network run, for the least memory needed at once.

Any topological order computes the same. What is live after some operators have run depends on their set alone, so the
search goes over sets: exact with the smallest peak first while there are few, else one operator at a time.
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.compiler.graph import Graph
from orchestrator.compiler.step import Step

_MOST_SETS = 4000
"""Sets of operators to look at before settling for the greedy order: some tenths of a second at worst."""
_MOST_TRIES = 250_000
"""Ways to go on, for either search a second's worth: many where hundreds of operators could run next."""


def memory_orders(graph: Graph, steps: Sequence[Step]) -> list[tuple[Step, ...]]:
    """Give the orders worth planning, the file's own first; only that one where no step could go elsewhere."""
    network = _Network(graph, steps)
    given = tuple(steps)
    if network.is_chain():
        return [given]
    order = network.best_order() or network.greedy_order()
    if order is None:
        return [given]
    chosen = tuple(steps[number] for number in order)
    return [given] if chosen == given else [given, chosen]


@dataclass(frozen=True)
class _Value:
    """Memory that steps read and write: a tensor with all its aliases."""

    size_bytes: int
    readers: int
    is_kept: bool


class _Network:
    """Steps as numbers, sets of steps as bits.

    A model of `lifetimes`: an output takes over the memory of an input that its kernel allows and nobody reads later,
    an alias is its input. Memory that was taken over counts with the size of its last holder, which may be too low:
    whoever uses an order measures it.
    """

    def __init__(self, graph: Graph, steps: Sequence[Step]) -> None:
        self._steps = steps
        producer = {tensor.index: n for n, step in enumerate(steps) for tensor in step.operator.outputs}
        root = {tensor.index: tensor.index for tensor in graph.given}
        for step in steps:
            for tensor in step.operator.outputs:
                root[tensor.index] = root[step.operator.activations[0].index] if step.is_alias else tensor.index
        self._reads = [[root[tensor.index] for tensor in step.operator.activations] for step in steps]
        self._writes = [[root[t.index] for t in step.operator.outputs if not step.is_alias] for step in steps]
        self._needs = [
            _bits(producer[tensor.index] for tensor in step.operator.activations if tensor.index in producer)
            for step in steps
        ]
        self._keep_order_around_assignments(graph)
        sizes = {t.index: t.size_bytes for t in graph.given}
        sizes |= {tensor.index: tensor.size_bytes for step in steps for tensor in step.operator.outputs}
        kept = {root[tensor.index] for tensor in (*graph.outputs, *graph.states)}
        self._given = [tensor.index for tensor in graph.given]
        self._values = {
            value: _Value(
                sizes[value], _bits(n for n, reads in enumerate(self._reads) if value in reads), value in kept
            )
            for value in set(root.values())
        }

    def _keep_order_around_assignments(self, graph: Graph) -> None:
        """What the file reads of a variable before it is assigned runs before that, and likewise behind it."""
        for state in graph.states:
            touching = [n for n, reads in enumerate(self._reads) if state.index in reads]
            for assigning in (n for n in touching if not self._steps[n].operator.outputs):
                self._needs[assigning] |= _bits(n for n in touching if n < assigning)
                for number in (n for n in touching if n > assigning):
                    self._needs[number] |= 1 << assigning

    def is_chain(self) -> bool:
        """Whether each step but the first needs the one before it, so that no other order exists."""
        return all(needs >> number & 1 for number, needs in enumerate(self._needs[1:]))

    def best_order(self) -> list[int] | None:
        """Give an order with the smallest peak, None when there are too many sets to look at."""
        everything = (1 << len(self._steps)) - 1
        start = sum(self._values[value].size_bytes for value in self._given)
        # Deeper sets first among equal peaks: reaching the end early ends the search.
        waiting = [(start, 0, 0, start)]
        peaks, came_from = {0: start}, dict[int, tuple[int, int]]()
        tries = 0
        for _ in range(_MOST_SETS):
            peak, depth, ran, live = heapq.heappop(waiting)
            if ran == everything:
                return _path(came_from, ran)
            ready = self._ready(ran)
            tries += len(ready)
            if tries > _MOST_TRIES:
                return None
            for number in ready:
                during, after = self._run(number, ran, live)
                reached, reached_peak = ran | 1 << number, max(peak, during)
                if reached_peak < peaks.get(reached, reached_peak + 1):
                    peaks[reached], came_from[reached] = reached_peak, (ran, number)
                    heapq.heappush(waiting, (reached_peak, depth - 1, reached, after))
        return None

    def greedy_order(self) -> list[int] | None:
        """Give an order that takes, each time, the step that leaves the least live; the file's order among equals.

        None when that takes too many tries.
        """
        order: list[int] = []
        tries = 0
        ran, live = 0, sum(self._values[value].size_bytes for value in self._given)
        while len(order) < len(self._steps):
            choices = [(*self._run(number, ran, live), number) for number in self._ready(ran)]
            tries += len(choices)
            if tries > _MOST_TRIES:
                return None
            _, live, number = min(choices, key=lambda choice: (choice[1], choice[0], choice[2]))
            ran |= 1 << number
            order.append(number)
        return order

    def _ready(self, ran: int) -> list[int]:
        return [n for n, needs in enumerate(self._needs) if not ran >> n & 1 and needs & ran == needs]

    def _run(self, number: int, ran: int, live: int) -> tuple[int, int]:
        """Give the bytes live while a step runs and after it, from those live before."""
        after = ran | 1 << number
        dying = {value for value in self._reads[number] if self._is_dead(value, after)}
        new = sum(self._values[value].size_bytes for value in self._writes[number])
        taken_over = new if self._takes_over(number, dying) else 0
        during = live + new - taken_over + self._steps[number].scratch_bytes
        unread = {value for value in self._writes[number] if self._is_dead(value, after)}
        return during, live + new - sum(self._values[value].size_bytes for value in dying | unread)

    def _takes_over(self, number: int, dying: set[int]) -> bool:
        step = self._steps[number]
        hosts = (self._reads[number][position] for position in step.shares)
        return any(host in dying and step.operator.output.size_bytes <= self._values[host].size_bytes for host in hosts)

    def _is_dead(self, value: int, ran: int) -> bool:
        readers = self._values[value].readers
        return not self._values[value].is_kept and readers & ran == readers


def _bits(numbers: Iterable[int]) -> int:
    bits = 0
    for number in numbers:
        bits |= 1 << number
    return bits


def _path(came_from: dict[int, tuple[int, int]], ran: int) -> list[int]:
    order: list[int] = []
    while ran:
        ran, number = came_from[ran]
        order.append(number)
    return order[::-1]
