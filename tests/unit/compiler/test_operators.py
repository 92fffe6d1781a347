"""Every operator equals the reference interpreter bit for bit, over random shapes, scales and weights."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from orchestrator.compiler import SUPPORTED_OPERATORS, compile_model
from orchestrator.parity.compare import random_inputs
from orchestrator.parity.tflm import run_tflm
from orchestrator.toolchain.host_model import build_host_model
from tests.unit.compiler.operator_models import OperatorModels

SAMPLES = 8

CASES: dict[str, tuple[int, Callable[[OperatorModels], bytes]]] = {
    "ADD": (4, lambda models: models.elementwise("ADD")),
    "AVERAGE_POOL_2D": (6, lambda models: models.pool("AVERAGE_POOL_2D")),
    "CONCATENATION": (3, OperatorModels.concatenation),
    "CONV_2D": (14, OperatorModels.convolution),
    "DEPTHWISE_CONV_2D": (14, lambda models: models.convolution(depthwise=True)),
    "ELU": (2, lambda models: models.unary("ELU")),
    "FULLY_CONNECTED": (8, OperatorModels.fully_connected),
    "LEAKY_RELU": (3, lambda models: models.unary("LEAKY_RELU", "LeakyReluOptions", alpha=0.125)),
    "LOGISTIC": (2, lambda models: models.unary("LOGISTIC")),
    "MAX_POOL_2D": (4, lambda models: models.pool("MAX_POOL_2D")),
    "MEAN": (6, OperatorModels.mean),
    "MUL": (4, lambda models: models.elementwise("MUL")),
    "PAD": (3, OperatorModels.pad),
    "QUANTIZE": (3, lambda models: models.unary("QUANTIZE", "QuantizeOptions")),
    "DEQUANTIZE": (2, OperatorModels.float_boundary),
    "RELU": (2, lambda models: models.unary("RELU")),
    "RELU6": (2, lambda models: models.unary("RELU6")),
    "SOFTMAX": (8, OperatorModels.softmax),
    "TANH": (2, lambda models: models.unary("TANH")),
}
ALIASES = {"EXPAND_DIMS", "RESHAPE", "SQUEEZE"}


@pytest.mark.parametrize("operator", CASES)
def test_operator_equals_the_reference_interpreter(operator: str, tmp_path: Path) -> None:
    count, draw = CASES[operator]
    for seed in range(count):
        tflite = draw(OperatorModels(seed))
        compiled = compile_model(tflite)
        samples = random_inputs(compiled.inputs, SAMPLES, seed)
        ours = build_host_model(compiled, tmp_path).run(samples)
        for mine, reference in zip(ours, run_tflm(tflite, samples), strict=True):
            np.testing.assert_array_equal(mine, reference.reshape(mine.shape), err_msg=f"{operator}, seed {seed}")


def test_every_supported_operator_is_compared_with_the_reference() -> None:
    assert set(CASES) | ALIASES == set(SUPPORTED_OPERATORS)
