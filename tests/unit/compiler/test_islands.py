"""Float operators between DEQUANTIZE and QUANTIZE become tables, and give what the reference interpreter gives."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orchestrator.compiler import compile_model
from orchestrator.compiler.float_functions import FLOAT_FUNCTIONS, quantised
from orchestrator.domain.errors import UnsupportedModelError
from orchestrator.domain.model import CompiledModel
from orchestrator.parity.tflm import run_tflm
from orchestrator.toolchain.host_model import build_host_model
from tests.unit.compiler.graph_models import GraphSketch

BINARY = ("ADD", "DIV", "MAXIMUM", "MINIMUM", "MUL", "SQUARED_DIFFERENCE", "SUB")
UNARY = sorted(FLOAT_FUNCTIONS - {*BINARY})
TABLES = {"LEAKY_RELU": "LeakyReluOptions", "ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions",
          "DIV": "DivOptions"}  # fmt: skip
SHAPE = (1, 4, 16, 4)


class Island(GraphSketch):
    """Float tensors behind an input of all 256 values."""

    def __init__(self, zero_point: int) -> None:
        super().__init__(1)
        self.scale, self.zero_point = 0.03, zero_point
        self.x = self.tensor(SHAPE)
        self.real = self.apply("DEQUANTIZE", [self.x])

    def apply(self, name: str, inputs: list[int], shape: tuple[int, ...] = SHAPE, table: str = "", **given: Any) -> int:
        y = self.builder.tensor(shape, "float32")
        self.builder.operator(name, inputs, [y], table, **given)
        return y

    def number(self, value: float) -> int:
        return self.builder.tensor((1,), "float32", data=np.array([value]))

    def stored(self, real: int, shape: tuple[int, ...] = SHAPE, zero_point: int = -3) -> int:
        y = self.tensor(shape, scale=0.02, zero_point=zero_point)
        self.builder.operator("QUANTIZE", [real], [y], "QuantizeOptions")
        return y


def equals_the_reference(tflite: bytes, folder: Path) -> CompiledModel:
    compiled = compile_model(tflite)
    samples = [np.random.default_rng(1).permutation(256).astype(np.uint8).view(np.int8).reshape(1, *SHAPE)]
    ours = build_host_model(compiled, folder).run(samples)
    for mine, reference in zip(ours, run_tflm(tflite, samples), strict=True):
        np.testing.assert_array_equal(mine.view(np.uint8), reference.reshape(mine.shape).view(np.uint8))
    return compiled


@pytest.mark.parametrize("name", UNARY)
def test_a_function_of_one_value_is_one_table(name: str, tmp_path: Path) -> None:
    island = Island(zero_point=-128 if name in ("LOG", "SQRT", "RSQRT") else -1)
    y = island.stored(island.apply(name, [island.real], table=TABLES.get(name, "")), zero_point=5)
    compiled = equals_the_reference(island.builder.build([island.x], [y]), tmp_path)
    assert [layer.operator for layer in compiled.layers] == ["LOOKUP"]


@pytest.mark.parametrize("name", UNARY)
def test_a_float_output_is_a_table_of_floats(name: str, tmp_path: Path) -> None:
    island = Island(zero_point=-128)
    y = island.apply(name, [island.real], table=TABLES.get(name, ""))
    equals_the_reference(island.builder.build([island.x], [y]), tmp_path)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("number_is_first", [False, True])
def test_a_function_of_a_value_and_a_number_is_one_table(name: str, number_is_first: bool, tmp_path: Path) -> None:
    island = Island(zero_point=17 if name != "DIV" else -128)
    operands = [island.real, island.number(1.3)]
    real = island.apply(name, operands[::-1] if number_is_first else operands, table=TABLES.get(name, ""))
    tflite = island.builder.build([island.x], [island.stored(real, zero_point=-128)])
    assert [layer.operator for layer in equals_the_reference(tflite, tmp_path).layers] == ["LOOKUP"]


def test_a_chain_of_functions_is_one_table(tmp_path: Path) -> None:
    island = Island(zero_point=0)
    real = island.apply("EXP", [island.real])
    real = island.apply("ADD", [real, island.number(1.0)], table="AddOptions", fusedActivationFunction=1)
    real = island.apply("LOG", [real])
    tflite = island.builder.build([island.x], [island.stored(real)])
    assert len(equals_the_reference(tflite, tmp_path).layers) == 1


def test_what_moves_values_works_on_bytes(tmp_path: Path) -> None:
    island = Island(zero_point=3)
    real = island.apply("TANH", [island.real])
    turned = island.apply("TRANSPOSE", [real, island.numbers([0, 3, 1, 2])], (1, 4, 4, 16), "TransposeOptions")
    largest = island.apply("REDUCE_MAX", [turned, island.numbers([2, 3])], (1, 4), "ReducerOptions")
    tflite = island.builder.build([island.x], [island.stored(largest, (1, 4)), turned])
    compiled = equals_the_reference(tflite, tmp_path)
    assert sorted(layer.operator for layer in compiled.layers) == ["LOOKUP", "LOOKUP", "REDUCE_MAX", "TRANSPOSE"]


def test_the_largest_of_falling_values_is_not_the_largest_byte() -> None:
    island = Island(zero_point=3)
    real = island.apply("NEG", [island.real])
    largest = island.apply("REDUCE_MAX", [real, island.numbers([1, 2])], (1, 4), "ReducerOptions")
    with pytest.raises(UnsupportedModelError, match=r"REDUCE_MAX .* needs int8"):
        compile_model(island.builder.build([island.x], [island.stored(largest, (1, 4))]))


def test_operands_of_different_bytes_are_refused_by_name() -> None:
    island = Island(zero_point=3)
    other = island.tensor(SHAPE)
    real = island.apply("MUL", [island.real, island.apply("DEQUANTIZE", [other])], table="MulOptions")
    with pytest.raises(UnsupportedModelError, match=r"operator 2 MUL .* float32"):
        compile_model(island.builder.build([island.x, other], [island.stored(real)]))


def test_operands_of_the_same_byte_are_one_table(tmp_path: Path) -> None:
    island = Island(zero_point=3)
    gate = island.apply("LOGISTIC", [island.real])
    real = island.apply("MUL", [gate, island.real], table="MulOptions")
    tflite = island.builder.build([island.x], [island.stored(real)])
    assert [layer.operator for layer in equals_the_reference(tflite, tmp_path).layers] == ["LOOKUP"]


def test_the_place_of_the_largest_float_is_that_of_the_largest_byte(tmp_path: Path) -> None:
    island = Island(zero_point=3)
    place = island.builder.tensor((1, 4, 16), "int32")
    inputs = [island.real, island.numbers(3)]
    island.builder.operator("ARG_MAX", inputs, [place], "ArgMaxOptions", outputType=2)
    equals_the_reference(island.builder.build([island.x], [place]), tmp_path)


def test_a_pair_of_conversions_is_one_table(tmp_path: Path) -> None:
    island = Island(zero_point=3)
    compiled = equals_the_reference(island.builder.build([island.x], [island.stored(island.real)]), tmp_path)
    assert len(compiled.layers) == 1


@pytest.mark.parametrize(("zero_point", "end"), [(1, -128), (-1, 127)])
def test_what_no_integer_holds_wraps_around_as_in_the_reference(zero_point: int, end: int) -> None:
    reals = np.array([np.inf, -np.inf, np.nan, 3e38, 0.25], np.float32)
    np.testing.assert_array_equal(quantised(reals, 0.5, zero_point, "int8"), [end, end, end, end, 1 + zero_point])


def test_an_island_that_changes_its_size_is_refused() -> None:
    island = Island(zero_point=3)
    real = island.apply("DEQUANTIZE", [island.x], (1, 5))
    tflite = island.builder.build([island.x], [island.stored(island.apply("ABS", [real]))])
    with pytest.raises(UnsupportedModelError, match=r"DEQUANTIZE .* 256 inputs, 5 outputs"):
        compile_model(tflite)
