"""The host build: several networks in one process, samples checked before they are run."""

import re
from pathlib import Path

import numpy as np
import pytest

from orchestrator.compiler import compile_model
from orchestrator.domain.errors import InputError
from orchestrator.parity.compare import random_inputs
from orchestrator.parity.tflm import run_tflm
from orchestrator.toolchain.host_model import build_host_model
from tests.unit.compiler.operator_models import NONE, SAME
from tests.unit.compiler.test_compile import dense_model
from tests.unit.compiler.tflite_builder import TfliteBuilder


def test_networks_in_one_process_do_not_disturb_each_other(tmp_path: Path) -> None:
    networks = [dense_model(seed) for seed in (0, 3)]
    hosts = [build_host_model(compile_model(tflite), tmp_path) for tflite in networks]
    for _ in range(2):
        for host, tflite in zip(hosts, networks, strict=True):
            samples = random_inputs(host.inputs, 5, seed=2)
            np.testing.assert_array_equal(host.run(samples)[0], run_tflm(tflite, samples)[0])


@pytest.mark.parametrize(
    "samples",
    [[], [np.zeros((3, 1, 7), np.int8)], [np.zeros((3, 1, 8), np.uint8)], [np.zeros((1, 8), np.int8)]],
    ids=["none", "shape", "dtype", "no batch"],
)
def test_samples_that_do_not_fit_are_refused(samples: list[np.ndarray], tmp_path: Path) -> None:
    host = build_host_model(compile_model(dense_model()), tmp_path)
    with pytest.raises(InputError):
        host.run(samples)


def test_a_dead_channel_with_a_huge_bias_equals_the_reference(tmp_path: Path) -> None:
    tflite = _network_with_a_dead_channel()
    compiled = compile_model(tflite)
    samples = random_inputs(compiled.inputs, 20, seed=4)
    ours = build_host_model(compiled, tmp_path).run(samples)
    np.testing.assert_array_equal(ours[0], run_tflm(tflite, samples)[0])


def test_code_for_other_weights_differs_in_numbers_only() -> None:
    number = re.compile(r"\b[0-9a-f]{16}\b|-?\b(0x[0-9a-f]+|\d[\d.e+-]*f?)\b")
    squeezed = [re.sub(r"[\s,]+", "", number.sub("", compile_model(dense_model(s)).c_source)) for s in (0, 5)]
    assert squeezed[0] == squeezed[1]


def _network_with_a_dead_channel() -> bytes:
    """CONV_2D of which one filter is zero: converters give it a tiny scale and a bias near the limit of int32."""
    weights = np.random.default_rng(9).integers(-127, 128, (2, 1, 1, 3)).astype(np.int8)
    weights[1] = 0
    scales = [0.01, 1e-10]
    builder = TfliteBuilder()
    x = builder.tensor((1, 4, 4, 3), scale=0.05, zero_point=7)
    w = builder.tensor(weights.shape, scale=scales, data=weights)
    bias_scales = [float(np.float32(0.05) * np.float32(scale)) for scale in scales]
    b = builder.tensor((2,), "int32", scale=bias_scales, data=np.array([100, 2**31 - 1]))
    y = builder.tensor((1, 4, 4, 2), scale=0.1, zero_point=-3)
    builder.operator(
        "CONV_2D", [x, w, b], [y], "Conv2DOptions", padding=SAME, strideH=1, strideW=1, dilationHFactor=1,
        dilationWFactor=1, fusedActivationFunction=NONE,
    )  # fmt: skip
    return builder.build([x], [y])
