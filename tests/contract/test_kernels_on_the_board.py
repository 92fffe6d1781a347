"""The kernels as the board runs them, assembly paths included, against the reference interpreter bit for bit."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from orchestrator.compiler import compile_model
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.device.measure import measure_image
from orchestrator.domain.measurement import CyclesSource
from orchestrator.parity.compare import random_inputs
from orchestrator.parity.tflm import run_tflm
from orchestrator.pipeline.device_outputs import outputs_of
from orchestrator.toolchain.link import link_image
from orchestrator.virtual_board.process import start_virtual_board
from tests.unit.compiler import test_operators_int16 as int16
from tests.unit.compiler.int16_models import Int16Models
from tests.unit.compiler.operator_models import OperatorModels
from tests.unit.compiler.test_operators import CASES, VARIANTS

BOARD = load_board_type("nucleo_l476rg")
SAMPLES = 4

# Seeds per operator: as many as exercise every path that the core's DSP instructions take.
SEEDS = {
    "CONV_2D": 5,
    "CONV_2D of many values": 3,
    "DEPTHWISE_CONV_2D": 10,
    "DEPTHWISE_CONV_2D, 3x3": 12,
    "FULLY_CONNECTED": 3,
}
MODELS = ("ad01_int8", "kws_ref_model_int8", "ic_pretrainedResnet_quant_int8", "vww_96_int8")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with start_virtual_board(BOARD) as board:
        yield board.url


def outputs_on_board(url: str, tflite: bytes, arrays: list[np.ndarray]) -> list[np.ndarray]:
    image = link_image(compile_model(tflite), BOARD)
    samples = [tuple(array[index].tobytes() for array in arrays) for index in range(len(arrays[0]))]
    run = measure_image(image, BOARD, url, samples, cycles_source=CyclesSource.VIRTUAL, repeats=1, warmups=0)
    return outputs_of(image, run)


@pytest.mark.parametrize("operator", CASES | VARIANTS)
def test_an_operator_on_the_board_equals_the_reference_interpreter(operator: str, url: str) -> None:
    _, draw = (CASES | VARIANTS)[operator]
    for seed in range(SEEDS.get(operator, 1)):
        compare(url, draw(OperatorModels(seed)), f"{operator}, seed {seed}", seed)


@pytest.mark.parametrize("operator", int16.CASES | int16.VARIANTS)
def test_an_int16_operator_on_the_board_equals_the_reference_interpreter(operator: str, url: str) -> None:
    _, draw = (int16.CASES | int16.VARIANTS)[operator]
    for seed in range(SEEDS.get(operator, 1)):
        compare(url, draw(Int16Models(seed)), f"int16 {operator}, seed {seed}", seed)


def compare(url: str, tflite: bytes, title: str, seed: int) -> None:
    arrays = list(random_inputs(compile_model(tflite).inputs, SAMPLES, seed))
    for mine, reference in zip(outputs_on_board(url, tflite, arrays), run_tflm(tflite, arrays), strict=True):
        np.testing.assert_array_equal(mine, reference.reshape(mine.shape), err_msg=title)


@pytest.mark.parametrize("model", MODELS)
def test_golden_vectors_are_exact_on_the_board(model: str, url: str, shared_dir: Path) -> None:
    golden = np.load(shared_dir / "models" / "golden.npz")
    inputs = np.stack([golden[f"{model}/in/{index}"] for index in range(4)])
    expected = np.stack([golden[f"{model}/out_tflm/{index}"] for index in range(4)])
    tflite = (shared_dir / "models" / f"{model}.tflite").read_bytes()
    (outputs,) = outputs_on_board(url, tflite, [inputs])
    np.testing.assert_array_equal(outputs, expected.reshape(outputs.shape))
