"""Which buffer each tensor lives in, and from which step to which: what the planner places."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.compiler.graph import Graph, Tensor
from orchestrator.compiler.memory.planner import Buffer
from orchestrator.compiler.step import Step


@dataclass(frozen=True)
class Lifetimes:
    """Buffers to place; `buffer_of` names the buffer of a tensor (by index), `scratch_of` that of a step."""

    buffers: tuple[Buffer, ...]
    buffer_of: dict[int, str]
    scratch_of: dict[int, str]


def lifetimes_of(graph: Graph, steps: Sequence[Step]) -> Lifetimes:
    """Give the buffers of a lowered network.

    A step's output joins the buffer of an input when it is the same memory (an alias), or when the kernel works
    in place and nobody reads that input afterwards. Network inputs live from the first step, outputs to the last,
    state throughout: no other buffer ever lies in its memory.
    """
    last_use = _last_uses(graph, steps)
    groups = _Groups()
    for tensor in graph.given:
        groups.open(tensor, 0)
    for number, step in enumerate(steps):
        host = _host_of(step, number, groups, last_use)
        for tensor in step.operator.outputs:
            if host is not None:
                groups.join(tensor, host)
            else:
                groups.open(tensor, number)
    return _as_buffers(groups, steps, last_use)


def _last_uses(graph: Graph, steps: Sequence[Step]) -> dict[int, int]:
    last = {tensor.index: number for number, step in enumerate(steps) for tensor in step.operator.outputs}
    last |= {tensor.index: last.get(tensor.index, 0) for tensor in graph.inputs}
    for number, step in enumerate(steps):
        for tensor in step.operator.activations:
            last[tensor.index] = number
    end = len(steps)
    return last | {tensor.index: end for tensor in (*graph.outputs, *graph.states)}


class _Groups:
    """Tensors that share one buffer, under the number of the group."""

    def __init__(self) -> None:
        self.group_of: dict[int, int] = {}
        self.members: list[list[Tensor]] = []
        self.first: list[int] = []

    def open(self, tensor: Tensor, step: int) -> None:
        self.group_of[tensor.index] = len(self.members)
        self.members.append([tensor])
        self.first.append(step)

    def join(self, tensor: Tensor, group: int) -> None:
        self.group_of[tensor.index] = group
        self.members[group].append(tensor)

    def size_bytes(self, group: int) -> int:
        return max(tensor.size_bytes for tensor in self.members[group])

    def last(self, group: int, last_use: dict[int, int]) -> int:
        return max(last_use[tensor.index] for tensor in self.members[group])


def _host_of(step: Step, number: int, groups: _Groups, last_use: dict[int, int]) -> int | None:
    computed = step.operator.activations
    if step.is_alias:
        return groups.group_of[computed[0].index]
    for position in step.shares:
        group = groups.group_of[computed[position].index]
        is_free = groups.last(group, last_use) == number
        if is_free and step.operator.output.size_bytes <= computed[position].size_bytes:
            return group
    return None


def _as_buffers(groups: _Groups, steps: Sequence[Step], last_use: dict[int, int]) -> Lifetimes:
    buffers = [
        Buffer(f"tensor {group}", groups.size_bytes(group), first, groups.last(group, last_use))
        for group, first in enumerate(groups.first)
    ]
    scratch = {number: f"scratch {number}" for number, step in enumerate(steps) if step.scratch_bytes}
    buffers += [Buffer(name, steps[number].scratch_bytes, number, number) for number, name in scratch.items()]
    names = {index: f"tensor {group}" for index, group in groups.group_of.items()}
    return Lifetimes(tuple(buffers), names, scratch)
