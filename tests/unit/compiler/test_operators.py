"""Every operator equals the reference interpreter bit for bit, over random shapes, scales and weights."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from orchestrator.compiler import SUPPORTED_OPERATORS, compile_model
from orchestrator.parity.compare import random_inputs
from orchestrator.parity.tflm import run_tflm
from orchestrator.toolchain.host_model import build_host_model
from tests.unit.compiler import convolution_models as convolution
from tests.unit.compiler import movement_models as movement
from tests.unit.compiler.arithmetic_models import (
    arg,
    elementwise,
    inverse_root,
    normalisation,
    prelu,
    reduction,
)
from tests.unit.compiler.choice_models import comparison, logical
from tests.unit.compiler.operator_models import OperatorModels
from tests.unit.compiler.product_models import attention, matrices
from tests.unit.compiler.recurrent_models import lstm, svdf

SAMPLES = 8

Draw = Callable[[OperatorModels], bytes]


def _unary(name: str, table: str = "", **options: float) -> Draw:
    return lambda models: models.unary(name, table, **options)


def _named(draw: Callable[[OperatorModels, str], bytes], name: str) -> Draw:
    return lambda models: draw(models, name)


CASES: dict[str, tuple[int, Draw]] = {
    "ABS": (3, _unary("ABS")),
    "ADD": (12, _named(elementwise, "ADD")),
    "ARG_MAX": (4, _named(arg, "ARG_MAX")),
    "ARG_MIN": (2, _named(arg, "ARG_MIN")),
    "AVERAGE_POOL_2D": (6, lambda models: models.pool("AVERAGE_POOL_2D")),
    "BATCH_MATMUL": (30, matrices),
    "BATCH_TO_SPACE_ND": (4, _named(movement.space_and_batch, "BATCH_TO_SPACE_ND")),
    "BROADCAST_TO": (4, movement.broadcast_to),
    "CONCATENATION": (6, movement.concatenation),
    "CONV_2D": (14, OperatorModels.convolution),
    "DEPTHWISE_CONV_2D": (24, lambda models: models.convolution(depthwise=True)),
    "DEPTH_TO_SPACE": (3, _named(movement.space_and_depth, "DEPTH_TO_SPACE")),
    "ELU": (2, _unary("ELU")),
    "EQUAL": (4, _named(comparison, "EQUAL")),
    "FULLY_CONNECTED": (8, OperatorModels.fully_connected),
    "GATHER": (4, movement.gather),
    "GATHER_ND": (6, movement.gather_nd),
    "GREATER": (8, _named(comparison, "GREATER")),
    "GREATER_EQUAL": (4, _named(comparison, "GREATER_EQUAL")),
    "HARD_SWISH": (6, _unary("HARD_SWISH")),
    "L2_NORMALIZATION": (6, _named(normalisation, "L2_NORMALIZATION")),
    "LEAKY_RELU": (3, _unary("LEAKY_RELU", "LeakyReluOptions", alpha=0.125)),
    "LESS": (4, _named(comparison, "LESS")),
    "LESS_EQUAL": (4, _named(comparison, "LESS_EQUAL")),
    "LOGICAL_AND": (4, _named(logical, "LOGICAL_AND")),
    "LOGICAL_NOT": (2, _named(logical, "LOGICAL_NOT")),
    "LOGICAL_OR": (4, _named(logical, "LOGICAL_OR")),
    "LOGISTIC": (2, _unary("LOGISTIC")),
    "LOG_SOFTMAX": (8, _named(normalisation, "LOG_SOFTMAX")),
    "MAXIMUM": (8, _named(elementwise, "MAXIMUM")),
    "MAX_POOL_2D": (4, lambda models: models.pool("MAX_POOL_2D")),
    "MEAN": (10, _named(reduction, "MEAN")),
    "MINIMUM": (4, _named(elementwise, "MINIMUM")),
    "MIRROR_PAD": (4, movement.mirror_pad),
    "MUL": (12, _named(elementwise, "MUL")),
    "NOT_EQUAL": (4, _named(comparison, "NOT_EQUAL")),
    "PACK": (4, movement.pack),
    "PAD": (4, movement.pad),
    "PADV2": (3, _named(movement.pad, "PADV2")),
    "PRELU": (6, prelu),
    "QUANTIZE": (3, _unary("QUANTIZE", "QuantizeOptions")),
    "DEQUANTIZE": (2, OperatorModels.float_boundary),
    "REDUCE_MAX": (4, _named(reduction, "REDUCE_MAX")),
    "REDUCE_MIN": (2, _named(reduction, "REDUCE_MIN")),
    "RELU": (2, _unary("RELU")),
    "RELU6": (2, _unary("RELU6")),
    "RESIZE_BILINEAR": (8, _named(movement.resize, "RESIZE_BILINEAR")),
    "RESIZE_NEAREST_NEIGHBOR": (8, _named(movement.resize, "RESIZE_NEAREST_NEIGHBOR")),
    "REVERSE_V2": (3, movement.reverse),
    "RSQRT": (4, inverse_root),
    "SELECT_V2": (12, _named(comparison, "LESS")),
    "SLICE": (5, movement.slice_),
    "SOFTMAX": (8, OperatorModels.softmax),
    "SPACE_TO_BATCH_ND": (4, _named(movement.space_and_batch, "SPACE_TO_BATCH_ND")),
    "SPACE_TO_DEPTH": (3, _named(movement.space_and_depth, "SPACE_TO_DEPTH")),
    "SPLIT": (4, movement.split),
    "SPLIT_V": (4, movement.split_v),
    "SQUARED_DIFFERENCE": (8, _named(elementwise, "SQUARED_DIFFERENCE")),
    "STRIDED_SLICE": (10, movement.strided_slice),
    "SVDF": (20, svdf),
    "SUB": (12, _named(elementwise, "SUB")),
    "SUM": (6, _named(reduction, "SUM")),
    "TANH": (2, _unary("TANH")),
    "TRANSPOSE_CONV": (10, convolution.transposed),
    "TRANSPOSE": (8, movement.transpose),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (24, lstm),
    "UNPACK": (4, movement.unpack),
}
VARIANTS: dict[str, tuple[int, Draw]] = {
    "AVERAGE_POOL_2D of a batch": (1, convolution.pool_of_a_batch),
    "BATCH_MATMUL twice: attention": (3, lambda models: attention(models.integer(0, 99))),
    "BATCH_MATMUL by a constant": (6, convolution.matrix_product),
    "CONV_2D of a batch, groups": (16, convolution.unusual),
    "CONV_2D of many values": (4, convolution.deep),
    "CONV_2D with large scales": (6, convolution.large_scales),
    "DEPTHWISE_CONV_2D of a batch": (4, convolution.unusual_depthwise),
    "DEPTHWISE_CONV_2D, 3x3": (40, convolution.three_by_three),
    "DEQUANTIZE from uint8": (1, convolution.byte_to_float),
    "FULLY_CONNECTED, axes kept": (6, convolution.unusual_fully_connected),
    "QUANTIZE to and from uint8": (3, convolution.byte_boundary),
    "SOFTMAX of pairs": (4, convolution.softmax_of_pairs),
    "SOFTMAX of an image": (2, convolution.softmax_of_an_image),
}
ALIASES = {"EXPAND_DIMS", "RESHAPE", "SQUEEZE"}
# Not one without the others: compared in test_variables.py.
VARIABLES = {"ASSIGN_VARIABLE", "CALL_ONCE", "READ_VARIABLE", "VAR_HANDLE"}
# The reference does not take them as int8: compared with real arithmetic in test_by_specification.py.
BY_SPECIFICATION = {"EXP", "GELU", "NEG", "RELU_0_TO_1", "RELU_N1_TO_1", "SQUARE", "TILE"}


@pytest.mark.parametrize("operator", CASES | VARIANTS)
def test_operator_equals_the_reference_interpreter(operator: str, tmp_path: Path) -> None:
    count, draw = (CASES | VARIANTS)[operator]
    for seed in range(count):
        tflite = draw(OperatorModels(seed))
        compiled = compile_model(tflite)
        samples = random_inputs(compiled.inputs, SAMPLES, seed)
        host = build_host_model(compiled, tmp_path)
        for is_stream in (False, True) if compiled.memory_plan.state_bytes else (False,):
            ours, theirs = host.run(samples, is_stream=is_stream), run_tflm(tflite, samples, is_stream=is_stream)
            for mine, reference in zip(ours, theirs, strict=True):
                np.testing.assert_array_equal(mine, reference.reshape(mine.shape), err_msg=f"{operator}, seed {seed}")


def test_every_supported_operator_is_compared_with_the_reference() -> None:
    assert set(CASES) | ALIASES | BY_SPECIFICATION | VARIABLES == set(SUPPORTED_OPERATORS)
