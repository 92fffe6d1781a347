"""State on the board: who keeps it, who starts anew, and what it costs."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from orchestrator.compiler import compile_model
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.device.flashing import flash_image
from orchestrator.device.link import SerialLink
from orchestrator.device.measure import measure_image
from orchestrator.device.runner import Runner
from orchestrator.domain.measurement import CyclesSource, DeviceRun
from orchestrator.domain.model import FirmwareImage
from orchestrator.parity.compare import random_inputs
from orchestrator.parity.tflm import run_tflm
from orchestrator.pipeline.device_outputs import outputs_of
from orchestrator.toolchain.link import link_image
from orchestrator.virtual_board.process import start_virtual_board
from tests.contract.eembc_client import EembcClient
from tests.contract.test_eembc_runner import read_until_ready
from tests.unit.compiler.operator_models import OperatorModels
from tests.unit.compiler.recurrent_models import keyword_lstm, keyword_svdf, lstm, svdf
from tests.unit.compiler.test_variables import ring_buffer

BOARD = load_board_type("nucleo_l476rg")
SAMPLES = 6
NETWORKS = {
    "LSTM": lambda seed: lstm(OperatorModels(seed)),
    "SVDF, state of int8": lambda seed: svdf(OperatorModels(seed), "int8"),
    "SVDF, state of int16": lambda seed: svdf(OperatorModels(seed), "int16"),
    "keywords by LSTM": keyword_lstm,
    "keywords by SVDF": keyword_svdf,
    "window by variable": ring_buffer,
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with start_virtual_board(BOARD, zero_wait_states=True) as board:
        yield board.url


def measured(
    url: str, tflite: bytes, samples: tuple[np.ndarray, ...], is_stream: bool = False
) -> tuple[FirmwareImage, DeviceRun]:
    image = link_image(compile_model(tflite), BOARD)
    rows = [tuple(array[index].tobytes() for array in samples) for index in range(len(samples[0]))]
    run = measure_image(
        image, BOARD, url, rows, cycles_source=CyclesSource.VIRTUAL, repeats=1, warmups=0, is_stream=is_stream
    )
    return image, run


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("network", NETWORKS)
def test_a_recurrent_network_on_the_board_equals_the_reference_interpreter(
    network: str, is_stream: bool, url: str
) -> None:
    for seed in range(2):
        tflite = NETWORKS[network](seed)
        samples = random_inputs(compile_model(tflite).inputs, SAMPLES, seed)
        (ours,) = outputs_of(*measured(url, tflite, samples, is_stream))
        (theirs,) = run_tflm(tflite, samples, is_stream=is_stream)
        np.testing.assert_array_equal(ours, theirs.reshape(ours.shape), err_msg=f"{network}, seed {seed}")


def test_only_step_finds_the_state_that_the_run_before_has_left(url: str) -> None:
    image = link_image(compile_model(keyword_svdf(0)), BOARD)
    (samples,) = random_inputs(image.inputs, 2, seed=5)
    first, second = (sample.tobytes() for sample in samples)
    with SerialLink(url, BOARD.console.baud) as link:
        flash_image(link, image, BOARD)
        runner = Runner(link, 10.0)
        runner.synchronise(3.0)

        def answer(compute: Callable[[], object], sample: bytes) -> bytes:
            runner.load_input(0, sample)
            compute()
            return runner.output(0, image.outputs[0].size_bytes)

        from_reset = answer(runner.step, second)
        anew = answer(runner.run, second)
        answer(runner.run, first)
        behind_first = answer(runner.step, second)
        runner.bench(2, 1)
        assert from_reset == anew == answer(runner.run, second)
        assert behind_first != anew


def test_an_inference_of_the_benchmark_repeats_bit_for_bit(url: str) -> None:
    tflite = keyword_svdf(1)
    compiled = compile_model(tflite)
    (samples,) = random_inputs(compiled.inputs, 1, seed=6)
    with SerialLink(url, BOARD.console.baud) as link:
        flash_image(link, link_image(compiled, BOARD), BOARD)
        read_until_ready(link)
        link.set_dtr(True)
        read_until_ready(link)
    with EembcClient(url, BOARD.console.baud) as client:
        client.load(samples[0].tobytes())
        results = [client.infer(runs, warmups).results for runs, warmups in ((1, 0), (1, 0), (3, 2), (1, 10))]
    spec = compiled.outputs[0]
    (expected,) = run_tflm(tflite, [samples])
    real = (expected.reshape(-1).astype(float) - spec.zero_point) * spec.scale
    for result in results:
        np.testing.assert_allclose(result, real, atol=1.01e-6)
