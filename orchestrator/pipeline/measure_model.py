"""Measure any one network: compile, link, flash, measure, compare with host build and TFLM."""

import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from orchestrator.compiler import compile_model
from orchestrator.datasets.dataset import Array
from orchestrator.device.ppk2 import Ppk2
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import InputError, ParityError
from orchestrator.domain.flash_options import FlashOptions
from orchestrator.domain.measurement import CyclesSource, Measurement
from orchestrator.domain.meter import MeterSetup
from orchestrator.domain.model import CompiledModel, MemoryPlan, TensorSpec
from orchestrator.domain.parity import NotCompared, ParityReport
from orchestrator.lab.devices import FLASH_DEFAULTS, VIRTUAL, measure_on, open_device
from orchestrator.parity.compare import compare_outputs, random_inputs
from orchestrator.parity.tflm import compare_with_tflm
from orchestrator.pipeline.device_outputs import outputs_of
from orchestrator.toolchain.host_model import build_host_model
from orchestrator.toolchain.link import link_image

INPUT_SEED = 0


@dataclass(frozen=True)
class ModelReport:
    """What was measured, the device's outputs against TFLM's where it runs, and how the arena is divided."""

    measurement: Measurement
    parity: ParityReport | NotCompared
    memory_plan: MemoryPlan


def measure_model(
    tflite: bytes,
    board: BoardType,
    *,
    samples: int,
    repeats: int,
    zero_wait_states: bool,
    count_instructions: bool = False,
    inputs: Path | None = None,
    is_stream: bool = False,
    serial_log: Path | None = None,
    meter: MeterSetup | None = None,
    device: str = VIRTUAL,
    cycles_source: CyclesSource | None = None,
    flash: FlashOptions = FLASH_DEFAULTS,
) -> ModelReport:
    """Measure `tflite` on a board of type `board`.

    Args:
        samples: how many seeded random inputs to compare, unless `inputs` names an .npy file [N, *shape] of the
            network's (only) input in its stored type.
        is_stream: compare the samples as one sequence: each finds the state that the one before left.
        meter: in the supply of the board.
        flash: how a board at a port is flashed, and where its erasures are counted.
        device: which one; with `cycles_source`, `zero_wait_states` and `count_instructions` as for `start_device`.

    Raises:
        UnsupportedModelError: the compiler cannot take the network.
        DoesNotFitError: the image does not link into the board's memories.
        InfrastructureError: toolchain or device failed.
        ParityError: the device computes something else than the host build of the same C.
    """
    compiled = compile_model(tflite)
    arrays = random_inputs(compiled.inputs, samples, INPUT_SEED) if inputs is None else _read(inputs, compiled.inputs)
    image = link_image(compiled, board)
    expected = _host_outputs(compiled, arrays, is_stream)
    samples_bytes = [tuple(array[index].tobytes() for array in arrays) for index in range(len(arrays[0]))]
    with (
        nullcontext() if meter is None else Ppk2(meter) as open_meter,  # first of all: it may power the board
        open_device(
            board,
            device,
            cycles_source=cycles_source,
            zero_wait_states=zero_wait_states,
            count_instructions=count_instructions,
        ) as opened,
    ):
        run = measure_on(
            opened,
            image,
            board,
            samples_bytes,
            repeats=repeats,
            is_stream=is_stream,
            log=serial_log,
            meter=open_meter,
            flash=flash,
        )
    outputs = outputs_of(image, run)
    if not compare_outputs(outputs, expected).exact:
        raise ParityError("device outputs differ from the host build of the same C")
    parity = compare_with_tflm(outputs, tflite, arrays, is_stream=is_stream)
    return ModelReport(run.measurement, parity, compiled.memory_plan)


def _host_outputs(compiled: CompiledModel, arrays: Sequence[Array], is_stream: bool) -> tuple[Array, ...]:
    with tempfile.TemporaryDirectory() as folder:
        return build_host_model(compiled, Path(folder)).run(arrays, is_stream=is_stream)


def _read(path: Path, specs: tuple[TensorSpec, ...]) -> list[Array]:
    if len(specs) != 1:
        raise InputError(f"--input {path}: the network has {len(specs)} inputs; a file can give only one")
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f"--input {path}: is not a readable .npy file: {error}") from error
    (spec,) = specs
    count = int(np.prod(spec.shape))
    if array.dtype != np.dtype(spec.dtype) or array.size == 0 or array.size % count:
        raise InputError(
            f"--input {path}: must hold {spec.dtype} samples of shape {spec.shape[1:]}, "
            f"but holds {array.dtype} {array.shape}"
        )
    return [array.reshape(-1, *spec.shape)]
