"""Operators that the reference interpreter does not take as int8: compared with real arithmetic, then rounded."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from orchestrator.compiler import compile_model
from orchestrator.domain.errors import UnsupportedModelError
from orchestrator.parity.compare import random_inputs
from orchestrator.parity.tflm import run_tflm
from orchestrator.toolchain.host_model import build_host_model
from tests.unit.compiler.movement_models import Sketch
from tests.unit.compiler.operator_models import OperatorModels
from tests.unit.compiler.oracle_models import depthwise
from tests.unit.compiler.tflite_builder import TfliteBuilder

SCALES = {"in": (0.02, 5), "out": (0.03, -20)}

FUNCTIONS: dict[str, Callable[[float], float]] = {
    "EXP": math.exp,
    "GELU": lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))),
    "NEG": lambda x: -x,
    "RELU_0_TO_1": lambda x: min(max(x, 0.0), 1.0),
    "RELU_N1_TO_1": lambda x: min(max(x, -1.0), 1.0),
    "SQUARE": lambda x: x * x,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_of_one_value_is_the_real_one_rounded(name: str, tmp_path: Path) -> None:
    builder = TfliteBuilder()
    x = builder.tensor((1, 256), scale=SCALES["in"][0], zero_point=SCALES["in"][1])
    y = builder.tensor((1, 256), scale=SCALES["out"][0], zero_point=SCALES["out"][1])
    builder.operator(name, [x], [y])
    stored = np.arange(-128, 128, dtype=np.int8).reshape(1, 1, 256)
    (ours,) = build_host_model(compile_model(builder.build([x], [y])), tmp_path).run([stored])
    reals = SCALES["in"][0] * (stored.astype(np.float64) - SCALES["in"][1])
    expected = np.vectorize(FUNCTIONS[name])(reals) / SCALES["out"][0]
    rounded = np.sign(expected) * np.floor(np.abs(expected) + 0.5) + SCALES["out"][1]
    np.testing.assert_array_equal(ours, np.clip(rounded, -128, 127))


def test_tile_repeats_every_axis(tmp_path: Path) -> None:
    sketch = Sketch(OperatorModels(1))
    x, y = sketch.tensor((2, 3)), sketch.tensor((4, 9))
    tflite = sketch.run("TILE", [x, sketch.numbers([2, 3])], [y], "TileOptions")
    stored = np.arange(6, dtype=np.int8).reshape(1, 2, 3)
    (ours,) = build_host_model(compile_model(tflite), tmp_path).run([stored])
    np.testing.assert_array_equal(ours[0], np.tile(stored[0], (2, 3)))


def test_a_depthwise_convolution_without_bias_equals_one_whose_bias_is_0(tmp_path: Path) -> None:
    """The reference crashes on the first and runs the second."""
    compiled = compile_model(depthwise(bias=False))
    samples = random_inputs(compiled.inputs, 8, 1)
    (ours,) = build_host_model(compiled, tmp_path).run(samples)
    (expected,) = run_tflm(depthwise(bias=True), samples)
    np.testing.assert_array_equal(ours, expected)
    assert len(np.unique(ours)) > 50


def test_more_than_ten_tensors_are_concatenated_in_order(tmp_path: Path) -> None:
    sketch = Sketch(OperatorModels(2))
    parts = [sketch.tensor((1, 2, 3)) for _ in range(12)]
    joined = sketch.tensor((1, 2, 36))
    sketch.builder.operator("CONCATENATION", parts, [joined], "ConcatenationOptions", axis=2)
    compiled = compile_model(sketch.builder.build(parts, [joined]))
    samples = random_inputs(compiled.inputs, 3, 1)
    (ours,) = build_host_model(compiled, tmp_path).run(samples)
    np.testing.assert_array_equal(ours, np.concatenate(samples, axis=3))
    with pytest.raises(UnsupportedModelError, match="kMaxInputNum"):
        run_tflm(sketch.builder.build(parts, [joined]), samples)
