"""Decide when each operator runs and where each tensor lives."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.compiler.emit import Placement
from orchestrator.compiler.graph import Graph
from orchestrator.compiler.memory.lifetimes import Lifetimes, lifetimes_of
from orchestrator.compiler.memory.planner import Plan, plan_arena
from orchestrator.compiler.memory.schedule import memory_orders
from orchestrator.compiler.step import Step
from orchestrator.domain.errors import UnsupportedModelError
from orchestrator.domain.model import MemoryPlan, PlannedBuffer

_MOST_ARENA_BYTES = 1 << 30
"""C compilers for 32-bit cores take no larger array; no board has room for a thousandth of it."""


@dataclass(frozen=True)
class PlacedNetwork:
    """Steps in the order in which they run, and their memory."""

    steps: tuple[Step, ...]
    placement: Placement
    memory_plan: MemoryPlan


def place_network(graph: Graph, steps: Sequence[Step]) -> PlacedNetwork:
    """Order and place a network; its wiring has been checked. The file's own order wins among equals.

    Raises:
        UnsupportedModelError: the tensors take more than any microcontroller can address.
    """
    candidates = [_place(graph, order) for order in memory_orders(graph, steps)]
    placed = min(candidates, key=lambda candidate: candidate.memory_plan.arena_bytes)
    if placed.memory_plan.arena_bytes > _MOST_ARENA_BYTES:
        raise UnsupportedModelError(f"the tensors need {placed.memory_plan.arena_bytes} bytes at once")
    return placed


def _place(graph: Graph, steps: tuple[Step, ...]) -> PlacedNetwork:
    lifetimes = lifetimes_of(graph, steps)
    plan = plan_arena(lifetimes.buffers)
    placement = Placement(
        tensors={index: plan.offsets[name] for index, name in lifetimes.buffer_of.items()},
        scratch={number: plan.offsets[name] for number, name in lifetimes.scratch_of.items()},
        arena_bytes=plan.arena_bytes,
        lower_bound_bytes=plan.lower_bound_bytes,
    )
    return PlacedNetwork(steps, placement, _memory_plan(graph, steps, lifetimes, plan))


def _memory_plan(graph: Graph, steps: Sequence[Step], lifetimes: Lifetimes, plan: Plan) -> MemoryPlan:
    titles = _titles(graph, steps, lifetimes)
    layers_before = [0]
    for step in steps:
        layers_before.append(layers_before[-1] + (not step.is_alias))
    buffers = [
        PlannedBuffer(
            name=titles[buffer.name],
            offset=plan.offsets[buffer.name],
            size_bytes=buffer.size_bytes,
            first_step=layers_before[buffer.first],
            # An alias takes no time: what it reads last is needed until the layer before it.
            last_step=max(layers_before[min(buffer.last + 1, len(steps))] - 1, 0),
        )
        for buffer in lifetimes.buffers
    ]
    ordered = sorted(buffers, key=lambda buffer: (buffer.first_step, buffer.offset, buffer.name))
    state_bytes = sum(tensor.size_bytes for tensor in graph.states)
    return MemoryPlan(plan.arena_bytes, plan.lower_bound_bytes, tuple(ordered), state_bytes)


def _titles(graph: Graph, steps: Sequence[Step], lifetimes: Lifetimes) -> dict[str, str]:
    """Give each buffer the name of the first tensor that lives in it, or of the operator that works in it."""
    titles = {lifetimes.buffer_of[tensor.index]: f"state {tensor.name}" for tensor in graph.states}
    for tensor in (*graph.inputs, *(tensor for step in steps for tensor in step.operator.outputs)):
        titles.setdefault(lifetimes.buffer_of[tensor.index], tensor.name)
    scratch = {name: f"scratch of {steps[number].operator.name}" for number, name in lifetimes.scratch_of.items()}
    return titles | scratch
