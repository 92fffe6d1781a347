"""The MLPerf Tiny benchmark's own runner can drive the firmware: identification, performance, accuracy."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from orchestrator.compiler import compile_model
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.device.deadline import Deadline
from orchestrator.device.flashing import flash_image
from orchestrator.device.link import SerialLink
from orchestrator.domain.model import CompiledModel
from orchestrator.toolchain.host_model import build_host_model
from orchestrator.toolchain.link import link_image
from orchestrator.virtual_board.process import start_virtual_board
from tests.contract.eembc_client import EembcClient, Identification

BOARD = load_board_type("nucleo_l476rg")
PROFILE = "ULPMark for tinyML Firmware V0.0.1"
BANNER = rb"m-timestamp-mode-performance\nm-lap-us-[0-9]+\nm-init-done\nm-ready\n"

# The device prints six decimals, truncated.
RESULT_STEP = 1.01e-6

Flash = Callable[[str, str], CompiledModel]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with start_virtual_board(BOARD) as board:
        yield board.url


@pytest.fixture
def flash(url: str, shared_dir: Path) -> Flash:
    """Flash a network of the benchmark under its id, and leave the board as a debugger's console does: with DTR
    asserted, so that opening the port does not reset it."""

    def flash_network(file: str, model_id: str) -> CompiledModel:
        compiled = compile_model((shared_dir / "models" / file).read_bytes())
        with SerialLink(url, BOARD.console.baud) as link:
            flash_image(link, link_image(compiled, BOARD, model_id=model_id), BOARD)
            read_until_ready(link)
            link.set_dtr(True)
            banner = read_until_ready(link)
        assert re.fullmatch(BANNER, banner), banner
        return compiled

    return flash_network


def read_until_ready(link: SerialLink) -> bytes:
    deadline, received = Deadline(3.0), b""
    while not received.endswith(b"m-ready\n") and not deadline.expired:
        received += link.read(4096, deadline)
    return received


def host_scores(compiled: CompiledModel, stored: np.ndarray, folder: Path) -> np.ndarray:
    """What the host build gives for int8 samples, as real values."""
    spec, output = compiled.inputs[0], compiled.outputs[0]
    (outputs,) = build_host_model(compiled, folder).run([stored.reshape(-1, *spec.shape)])
    return (outputs.astype(np.float64).reshape(len(stored), -1) - output.zero_point) * output.scale


def runner_scores(client: EembcClient, samples: np.ndarray) -> np.ndarray:
    """What the runner reads in accuracy mode: load, infer once without warm-up, sample by sample."""
    scores = []
    for sample in samples:
        assert client.load(sample.tobytes()) == ["m-load-done", "m-ready"]
        scores.append(client.infer(1, 0).results)
    return np.array(scores)


def test_the_runner_identifies_the_board_and_measures_its_performance(url: str, flash: Flash) -> None:
    flash("kws_ref_model_int8.tflite", "kws01")
    client = EembcClient(url, BOARD.console.baud)
    with client:
        assert client.identify() == Identification(BOARD.name, "kws01", PROFILE)
    with client:  # closed and opened again for the script
        before_us = client.timestamp_us()
        client.load(bytes(490))
        windows = [client.infer(3, 1) for _ in range(5)]
        assert client.timestamp_us() > before_us + sum(window.elapsed_us for window in windows)
    times_us = [window.elapsed_us for window in windows]
    assert max(times_us) - min(times_us) <= 1e-4 * min(times_us)  # the flash caches begin as the command left them
    assert len({window.results for window in windows}) == 1


def test_keyword_spotting_agrees_with_the_host_sample_by_sample(
    url: str, flash: Flash, shared_dir: Path, tmp_path: Path
) -> None:
    compiled = flash("kws_ref_model_int8.tflite", "kws01")
    samples = np.load(shared_dir / "data" / "kws01_eval.npz")["x"][:50]
    with EembcClient(url, BOARD.console.baud) as client:
        scores = runner_scores(client, samples)
    np.testing.assert_allclose(scores, host_scores(compiled, samples, tmp_path), rtol=0, atol=RESULT_STEP)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_keyword_spotting_reaches_its_accuracy(url: str, flash: Flash, shared_dir: Path, tmp_path: Path) -> None:
    """90.2 % of the samples have no score above their class's; the runner takes the first of equal scores, which
    costs one of the three samples with a tie. TFLM gives the same scores."""
    compiled = flash("kws_ref_model_int8.tflite", "kws01")
    data = np.load(shared_dir / "data" / "kws01_eval.npz")
    with EembcClient(url, BOARD.console.baud) as client:
        scores = runner_scores(client, data["x"])
    np.testing.assert_allclose(scores, host_scores(compiled, data["x"], tmp_path), rtol=0, atol=RESULT_STEP)
    labels = data["y"].astype(int)
    assert np.count_nonzero(scores[np.arange(1000), labels] == scores.max(axis=1)) == 902
    assert np.count_nonzero(scores.argmax(axis=1) == labels) == 901


def test_image_classification_takes_unsigned_bytes(url: str, flash: Flash, tmp_path: Path) -> None:
    compiled = flash("ic_pretrainedResnet_quant_int8.tflite", "ic01")
    samples = np.random.default_rng(0).integers(0, 256, (3, *compiled.inputs[0].shape), dtype=np.uint8)
    client = EembcClient(url, BOARD.console.baud)
    with client:
        assert client.identify().model == "ic01"
        scores = runner_scores(client, samples)
    stored = (samples.astype(np.int16) - 128).astype(np.int8)
    np.testing.assert_allclose(scores, host_scores(compiled, stored, tmp_path), rtol=0, atol=RESULT_STEP)


def test_a_reset_on_open_puts_the_runner_out_of_step(url: str, flash: Flash) -> None:
    """Why docs/protocol.md warns of it: the banner's `m-ready` counts as a reply, and all later ones come too late."""
    flash("kws_ref_model_int8.tflite", "kws01")
    with EembcClient(url, BOARD.console.baud, resets_on_open=True) as client:
        assert client.identify() == Identification(BOARD.name, "kws01", PROFILE)  # because it asks again
        client.load(bytes(490))
        with pytest.raises(RuntimeError, match="has no results"):
            client.infer(1, 0)
