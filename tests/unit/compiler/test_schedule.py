"""The order of operators: less memory on branches, the same results."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.compiler import compile_model
from orchestrator.compiler.graph import Graph, Operator, Tensor
from orchestrator.compiler.memory import schedule
from orchestrator.compiler.memory.lifetimes import lifetimes_of
from orchestrator.compiler.memory.place import place_network
from orchestrator.compiler.memory.planner import largest_live_set
from orchestrator.compiler.memory.schedule import memory_orders
from orchestrator.compiler.step import Step
from orchestrator.domain.model import MemoryPlan
from orchestrator.parity.compare import random_inputs
from orchestrator.parity.tflm import run_tflm
from orchestrator.toolchain.host_model import build_host_model
from tests.unit.compiler.tflite_builder import TfliteBuilder


def branches(count: int, interleaved: bool) -> bytes:
    """Branches from a small input over a wide tensor to a narrow one; all narrow ones are joined at the end."""
    builder = TfliteBuilder()
    x = builder.tensor((1, 16), scale=0.1)
    generator = np.random.default_rng(1)

    def dense(source: int, depth: int, units: int) -> tuple[list[int], int]:
        weights = builder.tensor((units, depth), scale=0.01, data=generator.integers(-127, 128, (units, depth)))
        return [source, weights, -1], builder.tensor((1, units), scale=0.1)

    wide = [dense(x, 16, 400) for _ in range(count)]
    narrow = [dense(output, 400, 8) for _, output in wide]
    pairs = [step for pair in zip(wide, narrow, strict=True) for step in pair]
    for inputs, output in wide + narrow if interleaved else pairs:
        builder.operator("FULLY_CONNECTED", inputs, [output], "FullyConnectedOptions")
    y = builder.tensor((1, 8 * count), scale=0.1)
    builder.operator("CONCATENATION", [output for _, output in narrow], [y], "ConcatenationOptions", axis=1)
    return builder.build([x], [y])


def test_a_branch_is_finished_before_the_next_one_begins() -> None:
    plan = compile_model(branches(4, interleaved=True)).memory_plan
    assert plan == compile_model(branches(4, interleaved=False)).memory_plan
    assert plan.arena_bytes == plan.lower_bound_bytes < 4 * 400  # as much as all wide tensors would take


def test_layers_are_told_in_the_order_in_which_they_run() -> None:
    macs = [layer.macs for layer in compile_model(branches(2, interleaved=True)).layers]
    assert macs == [6400, 3200, 6400, 3200, 0]


def test_another_order_gives_the_same_results(tmp_path: Path) -> None:
    tflite = branches(3, interleaved=True)
    compiled = compile_model(tflite)
    samples = random_inputs(compiled.inputs, 4, seed=1)
    ours = build_host_model(compiled, tmp_path).run(samples)
    np.testing.assert_array_equal(ours[0], run_tflm(tflite, samples)[0])


@pytest.mark.parametrize("tries", [20, 200])
def test_a_network_too_wide_for_the_searches_keeps_its_order(tries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "_MOST_TRIES", tries)
    compiled = compile_model(branches(40, interleaved=True))
    assert [layer.name for layer in compiled.layers] == [f"tensor_{2 + 2 * n}" for n in range(80)] + ["tensor_161"]


def test_many_branches_are_ordered_without_looking_at_all_orders() -> None:
    plan = compile_model(branches(40, interleaved=True)).memory_plan
    assert plan.arena_bytes == plan.lower_bound_bytes < 4 * 400


@st.composite
def networks(draw: st.DrawFn, shares: bool) -> tuple[Graph, tuple[Step, ...]]:
    """Up to six operators, each reading one or two tensors that are there by then; some take over their input."""
    tensors = [Tensor(0, "t0", (draw(st.integers(1, 60)) * 4,), "int8")]
    steps: list[Step] = []
    for number in range(1, draw(st.integers(2, 6)) + 1):
        read = draw(st.lists(st.sampled_from(tensors), min_size=1, max_size=2, unique=True))
        output = Tensor(number, f"t{number}", (draw(st.integers(1, 60)) * 4,), "int8")
        operator = Operator(number, "ADD", tuple(read), (output,))
        may_share = (0,) if shares and draw(st.booleans()) else ()
        steps.append(Step(operator, scratch_bytes=4 * draw(st.integers(0, 9)), shares=may_share))
        tensors.append(output)
    used = {tensor.index for step in steps for tensor in step.operator.activations}
    outputs = tuple(tensor for tensor in tensors if tensor.index not in used)
    return Graph(tuple(step.operator for step in steps), (tensors[0],), outputs), tuple(steps)


def all_orders(steps: tuple[Step, ...], known: frozenset[int] = frozenset({0})) -> Iterator[tuple[Step, ...]]:
    if not steps:
        yield ()
    for step in steps:
        if all(tensor.index in known for tensor in step.operator.activations):
            rest = tuple(other for other in steps if other is not step)
            for order in all_orders(rest, known | {step.operator.output.index}):
                yield (step, *order)


def peak(graph: Graph, order: tuple[Step, ...]) -> int:
    return largest_live_set(lifetimes_of(graph, order).buffers)


@given(networks(shares=False))
@settings(max_examples=60, deadline=None)
def test_no_order_has_a_smaller_peak(network: tuple[Graph, tuple[Step, ...]]) -> None:
    graph, steps = network
    best = min(peak(graph, order) for order in all_orders(steps))
    assert min(peak(graph, order) for order in memory_orders(graph, steps)) == best


@given(networks(shares=True))
@settings(max_examples=100, deadline=None)
def test_a_placed_network_runs_in_a_valid_order_and_nothing_overlaps(network: tuple[Graph, tuple[Step, ...]]) -> None:
    graph, steps = network
    placed = place_network(graph, steps)
    assert placed.steps in list(all_orders(steps))
    assert placed.memory_plan.arena_bytes >= placed.memory_plan.lower_bound_bytes
    check_no_overlap(placed.memory_plan)
    for step in placed.steps:
        out, reads = step.operator.output, step.operator.activations
        shared = [t for t in reads if placed.placement.tensors[t.index] == placed.placement.tensors[out.index]]
        assert all(step.shares and tensor is reads[0] for tensor in shared)


def check_no_overlap(plan: MemoryPlan) -> None:
    for number, one in enumerate(plan.buffers):
        assert one.offset + one.size_bytes <= plan.arena_bytes
        for other in plan.buffers[number + 1 :]:
            if one.first_step <= other.last_step and other.first_step <= one.last_step:
                assert one.offset + one.size_bytes <= other.offset or other.offset + other.size_bytes <= one.offset


def test_nothing_overlaps_in_real_networks_and_their_arenas_are_minimal(shared_dir: Path) -> None:
    for file in sorted((shared_dir / "models").glob("*.tflite")):
        plan = compile_model(file.read_bytes()).memory_plan
        check_no_overlap(plan)
        assert plan.arena_bytes == plan.lower_bound_bytes, file.name
