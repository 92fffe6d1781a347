"""Files whose structure is sound and whose content cannot be."""

from collections.abc import Callable

import flatbuffers
import numpy as np
import pytest
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

from orchestrator.compiler import compile_model
from orchestrator.compiler.tflite.reader import read_graph
from orchestrator.domain.errors import UnsupportedModelError
from tests.unit.compiler.operator_models import OperatorModels
from tests.unit.compiler.test_compile import dense_model
from tests.unit.compiler.tflite_builder import TfliteBuilder


def changed(change: Callable[[schema.ModelT], None]) -> bytes:
    model = schema.ModelT.InitFromPackedBuf(dense_model(), 0)
    change(model)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def set_scale(scale: float) -> Callable[[schema.ModelT], None]:
    def change(model: schema.ModelT) -> None:
        model.subgraphs[0].tensors[0].quantization.scale = np.array([scale], np.float32)

    return change


def set_zero_point(zero_point: int) -> Callable[[schema.ModelT], None]:
    def change(model: schema.ModelT) -> None:
        model.subgraphs[0].tensors[0].quantization.zeroPoint = np.array([zero_point], np.int64)

    return change


def set_shape(tensor: int, *shape: int) -> Callable[[schema.ModelT], None]:
    def change(model: schema.ModelT) -> None:
        model.subgraphs[0].tensors[tensor].shape = np.array(shape, np.int32)

    return change


def set_inputs(operator: int, *inputs: int) -> Callable[[schema.ModelT], None]:
    def change(model: schema.ModelT) -> None:
        model.subgraphs[0].operators[operator].inputs = np.array(inputs, np.int32)

    return change


def drop_zero_point(model: schema.ModelT) -> None:
    model.subgraphs[0].tensors[0].quantization.zeroPoint = None


def make_weights_int4_that_are_computed(model: schema.ModelT) -> None:
    model.subgraphs[0].tensors[0].type = schema.TensorType.INT4


def give_int4_weights_out(model: schema.ModelT) -> None:
    weights = model.subgraphs[0].tensors[1]
    weights.type = schema.TensorType.INT4
    model.buffers[weights.buffer].data = model.buffers[weights.buffer].data[:16]
    model.subgraphs[0].outputs = np.array([1], np.int32)


def drop_subgraphs(model: schema.ModelT) -> None:
    model.subgraphs = []


def set_version(model: schema.ModelT) -> None:
    model.version = 2


def share_one_huge_constant(model: schema.ModelT) -> None:
    """A file of 1 MiB that says it holds 1 GiB: many operators read one constant."""
    graph = model.subgraphs[0]
    model.buffers[graph.tensors[1].buffer].data = np.zeros(1 << 20, np.uint8)
    graph.tensors[1].shape = np.array([1 << 10, 1 << 10], np.int32)
    graph.operators = [graph.operators[0]] * 1024


def list_an_input_twice(model: schema.ModelT) -> None:
    model.subgraphs[0].inputs = np.array([0, 0], np.int32)


def repeat_operators(model: schema.ModelT) -> None:
    model.subgraphs[0].operators *= 2000


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (set_scale(0.0), "scale of tensor 'in' must be finite and > 0"),
        (set_scale(-1.0), "scale of tensor 'in'"),
        (set_scale(float("nan")), "but got nan"),
        (set_scale(float("inf")), "but got inf"),
        (set_zero_point(128), "zero point of tensor 'in' must be int8"),
        (set_zero_point(-(2**63)), "zero point"),
        (set_shape(1, 4, 9), "takes 36 bytes, but its buffer holds 32"),
        (set_shape(1, 2, 8), "takes 16 bytes, but its buffer holds 32"),
        (set_shape(0, 1, 0), "dynamic shape"),
        (set_shape(0, 1, -8), "dynamic shape"),
        (set_shape(0, 1 << 30, 1 << 30, 1 << 30), "more than 268435456 values"),
        (set_shape(0, *[1] * 9), "more than 8 axes"),
        (set_inputs(0, 99, 1, -1), "operator 0 FULLY_CONNECTED reads"),
        (set_inputs(0, -2, 1, -1), "operator 0 FULLY_CONNECTED reads"),
        (drop_zero_point, "'in' is not quantised"),
        (make_weights_int4_that_are_computed, "'in' has type INT4, which only weights may have"),
        (give_int4_weights_out, "'tensor_1' has type INT4, which only weights may have"),
        (set_shape(2, 4, 1), r"needs 4 as last extent, but got \[4, 1\]|4 outputs"),
        (drop_subgraphs, "no subgraph"),
        (set_shape(0, 0), "dynamic shape"),
        (set_version, "must be of version 3, but is 2"),
        (share_one_huge_constant, "the constants take"),
        (list_an_input_twice, "lists an input twice"),
        (repeat_operators, "1 to 2048 operators, but has 4000"),
    ],
)
def test_an_impossible_content_is_refused_by_name(change: Callable[[schema.ModelT], None], text: str) -> None:
    with pytest.raises(UnsupportedModelError, match=text):
        compile_model(changed(change))


def test_operators_that_wait_for_each_other_are_refused() -> None:
    builder = TfliteBuilder()
    x, a, b = (builder.tensor((1, 4), scale=0.1) for _ in range(3))
    builder.operator("ADD", [x, b], [a], "AddOptions")
    builder.operator("RELU", [a], [b])
    with pytest.raises(UnsupportedModelError, match=r"operator 0 ADD .* before it is computed"):
        compile_model(builder.build([x], [b]))


def test_constants_are_read_as_written() -> None:
    builder = TfliteBuilder()
    values = np.arange(-4, 4)
    x = builder.tensor((4, 2), "int32", data=values)
    y = builder.tensor((1, 4), scale=0.1)
    builder.operator("RELU", [x], [y])
    data = read_graph(builder.build([y], [y])).operators[0].constant(0)
    np.testing.assert_array_equal(data, values.reshape(4, 2))
    assert data.dtype == np.int32


def test_what_nobody_refers_to_does_not_matter() -> None:
    def add_tensors(model: schema.ModelT) -> None:
        for kind, shape in (("STRING", [1]), ("FLOAT32", [0, 3]), ("INT8", [-1])):
            tensor = schema.TensorT()
            tensor.name, tensor.type, tensor.shape = kind, getattr(schema.TensorType, kind), np.array(shape, np.int32)
            model.subgraphs[0].tensors.append(tensor)

    assert compile_model(changed(add_tensors)).layers == compile_model(dense_model()).layers


def test_a_depth_multiplier_that_contradicts_the_weights_is_refused() -> None:
    model = schema.ModelT.InitFromPackedBuf(OperatorModels(1).convolution(depthwise=True), 0)
    model.subgraphs[0].operators[0].builtinOptions.depthMultiplier = 0
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    with pytest.raises(UnsupportedModelError, match="depth multiplier of 0"):
        compile_model(bytes(builder.Output()))


def test_options_of_another_operator_are_not_taken_for_its_own() -> None:
    builder = TfliteBuilder()
    a, b, y = (builder.tensor((1, 4), scale=0.1) for _ in range(3))
    builder.operator("ADD", [a, b], [y], "SoftmaxOptions")
    with pytest.raises(UnsupportedModelError, match="ADD without its options"):
        compile_model(builder.build([a, b], [y]))


def test_a_very_long_name_loses_its_middle() -> None:
    builder = TfliteBuilder()
    x, y = builder.tensor((1, 4), scale=0.1, name="a" * 500 + "z"), builder.tensor((1, 4), scale=0.1)
    builder.operator("RELU", [x], [y])
    name = read_graph(builder.build([x], [y])).inputs[0].name
    assert name == "a" * 60 + "..." + "a" * 56 + "z"
