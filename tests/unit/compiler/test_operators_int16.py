"""Operators on int16 activations equal the reference interpreter bit for bit, over random shapes, scales, weights."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from orchestrator.compiler.compile import INT16_SUPPORTED_OPERATORS, compile_model
from orchestrator.domain.errors import UnsupportedModelError
from orchestrator.parity.compare import random_inputs
from orchestrator.parity.tflm import run_tflm
from orchestrator.toolchain.host_model import build_host_model
from tests.unit.compiler import convolution_models as convolution
from tests.unit.compiler import int16_models as int16
from tests.unit.compiler import movement_models as movement
from tests.unit.compiler.arithmetic_models import arg, elementwise, prelu, reduction
from tests.unit.compiler.int16_models import Int16Models
from tests.unit.compiler.operator_models import OperatorModels
from tests.unit.compiler.tflite_builder import TfliteBuilder

SAMPLES = 8
ALL_VALUES = np.arange(-(1 << 15), 1 << 15, dtype=np.int16)

Draw = Callable[[Int16Models], bytes]


def _unary(name: str, table: str = "", **options: float) -> Draw:
    return lambda models: models.unary(name, table, **options)


def _named(draw: Callable[[OperatorModels, str], bytes], name: str) -> Draw:
    return lambda models: draw(models, name)


CASES: dict[str, tuple[int, Draw]] = {
    "ABS": (3, _unary("ABS")),
    "ADD": (12, _named(elementwise, "ADD")),
    "AVERAGE_POOL_2D": (8, lambda models: models.pool("AVERAGE_POOL_2D")),
    "BROADCAST_TO": (4, movement.broadcast_to),
    "CONCATENATION": (6, movement.concatenation),
    "CONV_2D": (30, Int16Models.convolution),
    "DEPTHWISE_CONV_2D": (30, lambda models: models.convolution(depthwise=True)),
    "DEQUANTIZE": (3, Int16Models.float_boundary),
    "FULLY_CONNECTED": (20, Int16Models.fully_connected),
    "LEAKY_RELU": (4, _unary("LEAKY_RELU", "LeakyReluOptions", alpha=0.125)),
    "LOGISTIC": (4, _unary("LOGISTIC")),
    "MAXIMUM": (8, _named(elementwise, "MAXIMUM")),
    "MAX_POOL_2D": (6, lambda models: models.pool("MAX_POOL_2D")),
    "MEAN": (12, _named(reduction, "MEAN")),
    "MINIMUM": (4, _named(elementwise, "MINIMUM")),
    "MUL": (12, _named(elementwise, "MUL")),
    "PACK": (4, movement.pack),
    "PAD": (4, movement.pad),
    "PADV2": (3, int16.padded_with_a_value),
    "PRELU": (6, prelu),
    "QUANTIZE": (4, _unary("QUANTIZE", "QuantizeOptions")),
    "RELU": (3, _unary("RELU")),
    "RELU6": (3, _unary("RELU6")),
    "RESIZE_NEAREST_NEIGHBOR": (8, _named(movement.resize, "RESIZE_NEAREST_NEIGHBOR")),
    "REVERSE_V2": (3, movement.reverse),
    "SLICE": (5, movement.slice_),
    "SOFTMAX": (16, Int16Models.softmax),
    "SPLIT": (4, movement.split),
    "SPLIT_V": (4, movement.split_v),
    "SQUARED_DIFFERENCE": (12, _named(elementwise, "SQUARED_DIFFERENCE")),
    "STRIDED_SLICE": (10, movement.strided_slice),
    "SUB": (12, _named(elementwise, "SUB")),
    "SUM": (8, _named(reduction, "SUM")),
    "TANH": (4, _unary("TANH")),
    "TRANSPOSE_CONV": (10, convolution.transposed),
    "TRANSPOSE": (8, movement.transpose),
    "UNPACK": (4, movement.unpack),
}
VARIANTS: dict[str, tuple[int, Draw]] = {
    "CONV_2D, deep": (4, int16.deep_convolution),
    "CONV_2D, groups": (8, int16.grouped_convolution),
    "QUANTIZE from and to int8": (3, int16.byte_boundary),
    "QUANTIZE to int8": (3, int16.to_byte),
}
ALIASES = {"EXPAND_DIMS", "RESHAPE", "SQUEEZE"}


@pytest.mark.parametrize("operator", CASES | VARIANTS)
def test_operator_equals_the_reference_interpreter(operator: str, tmp_path: Path) -> None:
    count, draw = (CASES | VARIANTS)[operator]
    for seed in range(count):
        _compare(draw(Int16Models(seed)), tmp_path, f"{operator}, seed {seed}", seed)


def _compare(tflite: bytes, folder: Path, title: str, seed: int) -> None:
    compiled = compile_model(tflite)
    samples = random_inputs(compiled.inputs, SAMPLES, seed)
    ours = build_host_model(compiled, folder).run(samples)
    for mine, reference in zip(ours, run_tflm(tflite, samples), strict=True):
        np.testing.assert_array_equal(mine, reference.reshape(mine.shape), err_msg=title)


def test_every_supported_operator_is_compared_with_the_reference() -> None:
    assert set(CASES) | ALIASES == set(INT16_SUPPORTED_OPERATORS)


@pytest.mark.parametrize("operator", ["LOGISTIC", "TANH"])
@pytest.mark.parametrize("scale", [2.0**-14, 2.0**-12, 2.0**-11, 2.0**-9, 1e-6, 3.1e-4, 0.7])
def test_a_sigmoid_is_exact_for_every_value(operator: str, scale: float, tmp_path: Path) -> None:
    tflite = Int16Models(0).of_one((1, len(ALL_VALUES)), scale, 1 / 32768, operator)
    (ours,) = build_host_model(compile_model(tflite), tmp_path).run([ALL_VALUES[None, None]])
    (reference,) = run_tflm(tflite, [ALL_VALUES[None, None]])
    np.testing.assert_array_equal(ours, reference)


@pytest.mark.parametrize("scale", [1e-5, 10 / 65535, 4e-4, 0.05])
def test_softmax_is_exact_for_every_difference(scale: float, tmp_path: Path) -> None:
    pairs = np.stack([np.full_like(ALL_VALUES, 32767), ALL_VALUES], axis=1)
    tflite = Int16Models(0).of_one(pairs.shape, scale, 1 / 32768, "SOFTMAX", "SoftmaxOptions", beta=1.0)
    with pytest.raises(UnsupportedModelError, match="rows and depth must be <= 65535"):
        compile_model(tflite)
    rows = pairs[1:]
    tflite = Int16Models(0).of_one(rows.shape, scale, 1 / 32768, "SOFTMAX", "SoftmaxOptions", beta=1.0)
    (ours,) = build_host_model(compile_model(tflite), tmp_path).run([rows[None]])
    (reference,) = run_tflm(tflite, [rows[None]])
    np.testing.assert_array_equal(ours, reference)


def test_what_the_reference_lacks_is_refused_by_name() -> None:
    refusal = r"operator 0 ARG_MAX .*: not supported for int16 activations; supported are ABS, ADD"
    with pytest.raises(UnsupportedModelError, match=refusal):
        compile_model(arg(Int16Models(0), "ARG_MAX"))


@pytest.mark.parametrize(("source", "target"), [("uint8", "int16"), ("int16", "int32")])
def test_what_the_reference_does_not_convert_is_refused(source: str, target: str) -> None:
    builder = TfliteBuilder()
    x, y = (builder.tensor((1, 4), dtype, scale=0.1) for dtype in (source, target))
    builder.operator("QUANTIZE", [x], [y], "QuantizeOptions")
    with pytest.raises(UnsupportedModelError, match=f"{source} to {target}; int16 goes with float32, int8 and int16"):
        compile_model(builder.build([x], [y]))


def test_a_zero_point_is_refused() -> None:
    builder = TfliteBuilder()
    x, y = builder.tensor((1, 4), "int16", scale=0.1, zero_point=3), builder.tensor((1, 4), "int16", scale=0.1)
    builder.operator("RELU", [x], [y])
    with pytest.raises(UnsupportedModelError, match="the zero point of 'tensor_0', int16, must be 0, but is 3"):
        compile_model(builder.build([x], [y]))


def test_an_int32_bias_of_a_depthwise_convolution_is_refused() -> None:
    builder = TfliteBuilder()
    x = builder.tensor((1, 4, 4, 2), "int16", scale=0.1)
    w = builder.tensor((1, 1, 1, 2), scale=0.1, data=np.ones((1, 1, 1, 2)), axis=3)
    b = builder.tensor((2,), "int32", scale=0.01, data=np.zeros(2))
    y = builder.tensor((1, 4, 4, 2), "int16", scale=0.1)
    builder.operator("DEPTHWISE_CONV_2D", [x, w, b], [y], "DepthwiseConv2DOptions", depthMultiplier=1, **int16.ONES)
    with pytest.raises(UnsupportedModelError, match="an int32 bias; with int16 activations it must be int64"):
        compile_model(builder.build([x], [y]))
