"""Resource variables: read, assigned, initialised; in the file's order and no other."""

from pathlib import Path

import numpy as np
import pytest

from orchestrator.compiler import compile_model
from orchestrator.domain.errors import UnsupportedModelError
from orchestrator.parity.compare import random_inputs
from orchestrator.parity.tflm import run_tflm
from orchestrator.toolchain.host_model import build_host_model
from tests.unit.compiler.graph_models import GraphSketch

FRAMES, VALUES = 6, 5


def read(sketch: GraphSketch, variable: str, shape: tuple[int, ...]) -> int:
    return sketch.add("READ_VARIABLE", [sketch.builder.handle(variable)], shape, "ReadVariableOptions")


def assign(sketch: GraphSketch, variable: str, value: int) -> None:
    handle = sketch.builder.handle(variable)
    sketch.builder.operator("ASSIGN_VARIABLE", [handle, value], [], "AssignVariableOptions")


def shifted(sketch: GraphSketch, old: int, frame: int) -> int:
    """The window of the last frames: the oldest goes, the newest comes."""
    bounds = [sketch.numbers(values) for values in ([0, 1, 0], [0, 0, 0], [1, 1, 1])]
    part = (1, FRAMES - 1, VALUES)
    kept = sketch.add("STRIDED_SLICE", [old, *bounds], part, "StridedSliceOptions", beginMask=5, endMask=7)
    return sketch.add("CONCATENATION", [kept, frame], (1, FRAMES, VALUES), "ConcatenationOptions", axis=1)


def ring_buffer(seed: int, initial: int | None = None) -> bytes:
    """A window over a stream, as converters write it, and a dense layer over the window."""
    sketch, window = GraphSketch(seed), (1, FRAMES, VALUES)
    quantised = {"scale": sketch.scale, "zero_point": sketch.zero_point}
    value = np.full(window, sketch.zero_point if initial is None else initial)
    sketch.builder.initialise("window", window, "int8", value, **quantised)
    x = sketch.tensor((1, 1, VALUES))
    new = shifted(sketch, read(sketch, "window", window), x)
    assign(sketch, "window", new)
    flat = sketch.add("RESHAPE", [new], (1, FRAMES * VALUES))
    w = sketch.tensor((4, FRAMES * VALUES), scale=0.004, zero_point=0, data=sketch.models.weights((4, FRAMES * VALUES)))
    return sketch.builder.build([x], [sketch.add("FULLY_CONNECTED", [flat, w, -1], (1, 4), "FullyConnectedOptions")])


def read_around_assignments(seed: int) -> bytes:
    """Two variables, each read before and behind its assignment; values that are outputs, renamed and used late."""
    sketch, shape = GraphSketch(seed), (1, 12)
    x = sketch.tensor(shape)
    before = [read(sketch, name, shape) for name in ("a", "b")]
    sums = [sketch.join("ADD", value, x, shape) for value in before]
    assign(sketch, "a", sums[0])
    renamed = sketch.add("RESHAPE", [before[1]], (3, 4))
    assign(sketch, "b", sketch.join("MUL", sums[1], x, shape))
    behind = [read(sketch, name, shape) for name in ("a", "b")]
    assign(sketch, "a", sketch.join("ADD", behind[0], before[0], shape))
    late = sketch.add("RELU", [renamed], (3, 4))
    return sketch.builder.build([x], [sketch.join("ADD", *behind, shape), before[0], late, read(sketch, "a", shape)])


def delay(seed: int) -> bytes:
    """The frame before. Assigning first would need less memory, and be wrong."""
    sketch, shape = GraphSketch(seed), (1, 40)
    x = sketch.tensor(shape)
    y = sketch.add("RELU", [read(sketch, "frame", shape)], shape)
    assign(sketch, "frame", x)
    return sketch.builder.build([x], [y])


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("network", [ring_buffer, read_around_assignments, delay])
def test_a_network_with_variables_equals_the_reference_interpreter(
    network: object, is_stream: bool, tmp_path: Path
) -> None:
    for seed in range(4):
        tflite = network(seed)  # type: ignore[operator]
        compiled = compile_model(tflite)
        samples = random_inputs(compiled.inputs, 12, seed)
        ours = build_host_model(compiled, tmp_path).run(samples, is_stream=is_stream)
        for mine, reference in zip(ours, run_tflm(tflite, samples, is_stream=is_stream), strict=True):
            np.testing.assert_array_equal(mine, reference.reshape(mine.shape), err_msg=f"seed {seed}")


def test_a_value_that_is_used_up_before_the_next_assignment_is_not_copied() -> None:
    compiled = compile_model(ring_buffer(0))
    assert [layer.operator for layer in compiled.layers].count("READ_VARIABLE") == 0
    assert compiled.memory_plan.state_bytes == FRAMES * VALUES
    copied = [layer.operator for layer in compile_model(read_around_assignments(0)).layers].count("READ_VARIABLE")
    assert copied == 4  # two are outputs, one gets a new name, one is read again behind the next assignment


@pytest.mark.parametrize(
    ("variable", "shape", "text"),
    [("window", (1, 3), "is .* elsewhere"), ("other", (1, 4), "is never assigned")],
)
def test_what_contradicts_itself_is_refused(variable: str, shape: tuple[int, ...], text: str) -> None:
    sketch = GraphSketch(1)
    x = sketch.tensor((1, 4))
    y = read(sketch, variable, shape)
    assign(sketch, "window", x)
    with pytest.raises(UnsupportedModelError, match=rf"_VARIABLE .*{text}"):
        compile_model(sketch.builder.build([x], [y]))


def test_a_variable_that_starts_from_something_else_than_zero_is_refused() -> None:
    with pytest.raises(UnsupportedModelError, match=r"ASSIGN_VARIABLE .* which is not the real 0"):
        compile_model(ring_buffer(0, initial=101))


def test_a_call_of_a_subgraph_that_does_not_exist_is_refused() -> None:
    sketch = GraphSketch(1)
    x = sketch.tensor((1, 4))
    sketch.builder.operator("CALL_ONCE", [], [], "CallOnceOptions", initSubgraphIndex=3)
    y = sketch.add("RELU", [x], (1, 4))
    with pytest.raises(UnsupportedModelError, match="damaged: it calls subgraph 3 of 1"):
        compile_model(sketch.builder.build([x], [y]))
