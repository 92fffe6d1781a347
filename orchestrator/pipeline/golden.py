"""The image that units are checked with, linked for a board type."""

import tempfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from orchestrator.compiler import compile_model
from orchestrator.datasets.dataset import Array
from orchestrator.domain.board_type import BoardType
from orchestrator.lab.golden import Golden
from orchestrator.parity.compare import random_inputs
from orchestrator.toolchain.host_model import build_host_model
from orchestrator.toolchain.link import link_image

SAMPLES = 2
SEED = 0


def make_golden(board: BoardType) -> Golden:
    """Compile and link the golden network and let the host build of the same C say what comes out."""
    compiled = compile_model(files("orchestrator.lab").joinpath("golden.tflite").read_bytes())
    arrays = random_inputs(compiled.inputs, SAMPLES, SEED)
    with tempfile.TemporaryDirectory() as folder:
        outputs = build_host_model(compiled, Path(folder)).run(arrays)
    return Golden(link_image(compiled, board), _by_sample(arrays), _by_sample(outputs))


def _by_sample(arrays: Sequence[Array]) -> tuple[tuple[bytes, ...], ...]:
    return tuple(tuple(array[index].tobytes() for array in arrays) for index in range(SAMPLES))
