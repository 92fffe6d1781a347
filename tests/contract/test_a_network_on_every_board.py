"""A network of the benchmark on every board type: the image that silicon would get, exact to the last bit."""

from pathlib import Path

import numpy as np
import pytest

from orchestrator.compiler import compile_model
from orchestrator.config.board_catalogue import board_type_names, load_board_type
from orchestrator.device.measure import measure_image
from orchestrator.domain.measurement import CyclesSource
from orchestrator.pipeline.device_outputs import outputs_of
from orchestrator.toolchain.link import link_image
from orchestrator.virtual_board.process import start_virtual_board

MODEL = "kws_ref_model_int8"


@pytest.mark.parametrize("name", board_type_names())
def test_a_network_is_flashed_and_exact_and_nothing_is_complained_of(
    name: str, shared_dir: Path, tmp_path: Path
) -> None:
    board, log = load_board_type(name), tmp_path / "board.log"
    golden = np.load(shared_dir / "models" / "golden.npz")
    sample = (golden[f"{MODEL}/in/0"].tobytes(),)
    image = link_image(compile_model((shared_dir / "models" / f"{MODEL}.tflite").read_bytes()), board)
    with start_virtual_board(board, log=log) as process:
        run = measure_image(
            image, board, process.url, (sample,), cycles_source=CyclesSource.VIRTUAL, repeats=1, warmups=0
        )
    (outputs,) = outputs_of(image, run)
    np.testing.assert_array_equal(outputs[0].ravel(), golden[f"{MODEL}/out_tflm/0"].ravel())
    assert run.measurement.clock_hz == board.clock_hz
    since_reset = log.read_text().rpartition("reset into flash")[2]  # an empty flash locked up before
    assert "WARNING" not in since_reset and "ERROR" not in since_reset
