"""Networks of several operators equal the reference interpreter; what is known beforehand is not computed."""

from pathlib import Path

import numpy as np
import pytest

from orchestrator.compiler import compile_model
from orchestrator.domain.errors import UnsupportedModelError
from orchestrator.parity.compare import random_inputs
from orchestrator.parity.tflm import run_tflm
from orchestrator.toolchain.host_model import build_host_model
from tests.unit.compiler import exporter_models
from tests.unit.compiler.convolution_models import ONES
from tests.unit.compiler.graph_models import NETWORKS, GraphSketch, dilated, many_inputs_and_outputs, shape_arithmetic

ALL_NETWORKS = NETWORKS | exporter_models.NETWORKS


@pytest.mark.parametrize("name", ALL_NETWORKS)
def test_network_equals_the_reference_interpreter(name: str, tmp_path: Path) -> None:
    tflite = ALL_NETWORKS[name]()
    compiled = compile_model(tflite)
    samples = random_inputs(compiled.inputs, 6, seed=3)
    ours = build_host_model(compiled, tmp_path).run(samples)
    for mine, reference in zip(ours, run_tflm(tflite, samples), strict=True):
        np.testing.assert_array_equal(mine, reference.reshape(mine.shape))


def test_a_dilated_convolution_written_with_batches_is_that_convolution(tmp_path: Path) -> None:
    compiled = compile_model(dilated(by_batches=True))
    samples = random_inputs(compiled.inputs, 6, seed=3)
    (ours,) = build_host_model(compiled, tmp_path).run(samples)
    np.testing.assert_array_equal(ours, run_tflm(dilated(by_batches=False), samples)[0])


def test_shape_arithmetic_leaves_no_code() -> None:
    compiled = compile_model(shape_arithmetic())
    assert [layer.operator for layer in compiled.layers] == ["RELU"]


def test_identical_outputs_are_one_tensor() -> None:
    first, _, third, _ = compile_model(many_inputs_and_outputs()).outputs
    assert first == third


def test_operators_that_nobody_reads_are_dropped() -> None:
    sketch, shape = GraphSketch(1), (1, 4)
    x = sketch.tensor(shape)
    sketch.add("TANH", [x], shape)
    y = sketch.add("RELU", [x], shape)
    assert [layer.operator for layer in compile_model(sketch.builder.build([x], [y])).layers] == ["RELU"]


def test_a_concatenation_along_the_first_long_axis_is_a_copy_for_each_input() -> None:
    sketch = GraphSketch(2)
    parts = [sketch.tensor((1, 2, 3, 4)) for _ in range(2)]
    y = sketch.add("CONCATENATION", parts, (1, 4, 3, 4), "ConcatenationOptions", axis=1)
    source = compile_model(sketch.builder.build(parts, [y])).c_source
    assert source.count("mt_copy_rows(1, 24,") == 2
    assert "mt_copy_strided" not in source


@pytest.mark.parametrize(
    ("name", "table", "extra", "options", "expected"),
    [
        ("TRANSPOSE", "TransposeOptions", [[0, 0]], {}, r"\[0, 0\]"),
        ("SLICE", "SliceOptions", [[0, 3], [1, 4]], {}, "begins"),
        ("GATHER", "GatherOptions", [[9]], {"axis": 1}, "positions"),
        ("GATHER_ND", "GatherNdOptions", [[[0, 4]]], {}, "positions 0 to 4"),
        ("BROADCAST_TO", "BroadcastToOptions", [], {}, "needs an input 1"),
        ("BROADCAST_TO", "BroadcastToOptions", [[1, 4]], {}, r"shape \[1, 4\]"),
        ("REDUCE_MAX", "ReducerOptions", [[5]], {}, "axis 5"),
        ("PAD", "PadOptions", [[[0, 0]]], {}, "paddings"),
        ("STRIDED_SLICE", "StridedSliceOptions", [[0, 0], [1, 4], [0, 1]], {}, "strides"),
        ("STRIDED_SLICE", "StridedSliceOptions", [[0] * 3, [1, 1, 4], [1] * 3], {"ellipsisMask": 3}, "2 ellipses"),
        ("TRANSPOSE", "TransposeOptions", [[1, 0]], {}, r"\[4, 1\] to \[1, 3\]"),
        ("PACK", "PackOptions", [], {"axis": 0, "valuesCount": 2}, "1 inputs"),
        ("UNPACK", "UnpackOptions", [], {"axis": 0, "num": 2}, "1 outputs"),
        ("DEPTH_TO_SPACE", "DepthToSpaceOptions", [], {"blockSize": 1}, "needs 4 axes"),
        ("BATCH_TO_SPACE_ND", "BatchToSpaceNDOptions", [[1], [[0, 0]]], {}, "by blocks"),
        ("SPLIT_V", "SplitVOptions", [[1, 3], [1]], {}, "along axis 1"),
        ("BATCH_MATMUL", "BatchMatMulOptions", [[[1, 2]]], {}, "needs int8"),
    ],
)
def test_a_contradiction_gives_one_line_that_names_the_operator(
    name: str, table: str, extra: list[list[int]], options: dict[str, int], expected: str
) -> None:
    sketch = GraphSketch(3)
    x = sketch.tensor((1, 4))
    y = sketch.builder.tensor((1, 3), scale=sketch.scale, zero_point=sketch.zero_point, name="result")
    sketch.builder.operator(name, [x, *(sketch.numbers(values) for values in extra)], [y], table, **options)
    with pytest.raises(UnsupportedModelError, match=expected) as caught:
        compile_model(sketch.builder.build([x], [y]))
    assert f"operator 0 {name} (output 'result')" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "table", "constants", "options"),
    [
        ("CONCATENATION", "ConcatenationOptions", [[1], [[2]]], {"axis": 1}),
        ("STRIDED_SLICE", "StridedSliceOptions", [[1], [5], [6], [1]], {"shrinkAxisMask": 1}),
        ("ADD", "AddOptions", [[1, 2], [1, 2, 3]], {}),
        ("TRANSPOSE", "TransposeOptions", [[1, 2], [0, 7]], {}),
        ("FILL", "FillOptions", [[70000, 70000, 70000], [1]], {}),
    ],
)
def test_shape_arithmetic_that_contradicts_itself_gives_one_line(
    name: str, table: str, constants: list[list[int]], options: dict[str, int]
) -> None:
    sketch = GraphSketch(4)
    x, target = sketch.tensor((1, 4)), sketch.builder.tensor((2,), "int32", name="target")
    sketch.builder.operator(name, [sketch.numbers(values) for values in constants], [target], table, **options)
    y = sketch.add("RESHAPE", [x, target], (4, 1), "ReshapeOptions")
    y = sketch.add("RELU", [y], (4, 1))
    with pytest.raises(UnsupportedModelError) as caught:
        compile_model(sketch.builder.build([x], [y]))
    assert f"operator 0 {name} (output 'target')" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("same_tensor", "arrays"), [(True, 1), (False, 2)])
def test_weights_of_several_operators_are_written_once_if_they_are_one_tensor(
    same_tensor: bool, arrays: int, tmp_path: Path
) -> None:
    sketch = GraphSketch(6)
    values = sketch.models.weights((8, 8))
    x = sketch.tensor((1, 8))
    weights = [sketch.tensor((8, 8), scale=0.002, zero_point=0, data=values) for _ in range(2)]
    hidden = sketch.add("FULLY_CONNECTED", [x, weights[0], -1], (1, 8), "FullyConnectedOptions")
    read = weights[0] if same_tensor else weights[1]
    y = sketch.add("FULLY_CONNECTED", [hidden, read, -1], (1, 8), "FullyConnectedOptions")
    tflite = sketch.builder.build([x], [y])
    compiled = compile_model(tflite)
    assert compiled.c_source.count("_weights[") == arrays
    samples = random_inputs(compiled.inputs, 6, seed=3)
    (ours,) = build_host_model(compiled, tmp_path).run(samples)
    np.testing.assert_array_equal(ours, run_tflm(tflite, samples)[0])


def test_concatenated_tensors_have_the_same_number_of_axes() -> None:
    sketch = GraphSketch(5)
    a, b = sketch.tensor((1, 4)), sketch.tensor((4,))
    y = sketch.add("CONCATENATION", [a, b], (1, 8), "ConcatenationOptions", axis=1)
    with pytest.raises(UnsupportedModelError, match=r"\[4, 0\] along axis 1 of \[1, 8\]"):
        compile_model(sketch.builder.build([a, b], [y]))


def test_an_output_of_whole_numbers_with_64_bits_is_refused() -> None:
    sketch = GraphSketch(6)
    x = sketch.builder.tensor((2, 3), "int64", name="x")
    y = sketch.builder.tensor((3, 2), "int64")
    sketch.builder.operator("TRANSPOSE", [x, sketch.numbers([1, 0])], [y], "TransposeOptions")
    with pytest.raises(UnsupportedModelError, match="'x' is int64; inputs and outputs must be one of"):
        compile_model(sketch.builder.build([x], [y]))


def test_a_grouped_convolution_to_fewer_axes_is_refused() -> None:
    sketch = GraphSketch(7)
    x, values = sketch.tensor((1, 3, 3, 4)), sketch.models.weights((4, 1, 1, 2))
    w = sketch.tensor(values.shape, zero_point=0, data=values)
    y = sketch.add("CONV_2D", [x, w, -1], (9, 4), "Conv2DOptions", **ONES)
    with pytest.raises(UnsupportedModelError, match=r"operator 0 CONV_2D .* needs \[1, height, width, channels\]"):
        compile_model(sketch.builder.build([x], [y]))


@pytest.mark.parametrize(("inputs", "extents"), [(1, 3), (0, 2)])
def test_a_shape_that_cannot_be_is_refused(inputs: int, extents: int) -> None:
    sketch = GraphSketch(8)
    x, shape = sketch.tensor((1, 4)), sketch.builder.tensor((extents,), "int32")
    sketch.builder.operator("SHAPE", [x] * inputs, [shape], "ShapeOptions", outType=2)
    with pytest.raises(UnsupportedModelError, match="operator 0 SHAPE"):
        compile_model(sketch.builder.build([x], [shape, sketch.add("RELU", [x], (1, 4))]))


def test_an_axis_listed_twice_is_reversed_once(tmp_path: Path) -> None:
    sketch = GraphSketch(9)
    x = sketch.tensor((2, 3))
    y = sketch.add("REVERSE_V2", [x, sketch.numbers([1, -1])], (2, 3), "ReverseV2Options")
    stored = np.arange(6, dtype=np.int8).reshape(1, 2, 3)
    (ours,) = build_host_model(compile_model(sketch.builder.build([x], [y])), tmp_path).run([stored])
    np.testing.assert_array_equal(ours[0], stored[0, :, ::-1])


@pytest.mark.parametrize(("shapes", "target"), [([(1, 4), (1, 4)], (2, 4)), ([(1, 4), (1, 3)], (1, 4))])
def test_a_choice_that_does_not_broadcast_to_its_output_is_refused(
    shapes: list[tuple[int, ...]], target: tuple[int, ...]
) -> None:
    sketch = GraphSketch(10)
    a, b = (sketch.tensor(shape) for shape in shapes)
    condition = sketch.builder.tensor((1, 4), "bool", data=np.array([[True, False, True, False]]))
    y = sketch.add("SELECT_V2", [condition, a, b], target)
    with pytest.raises(UnsupportedModelError, match="do not broadcast"):
        compile_model(sketch.builder.build([a, b], [y]))
