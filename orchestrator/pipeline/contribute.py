"""Measure a set of networks on one device, as a contribution."""

from collections.abc import Mapping
from pathlib import Path

from orchestrator import __version__
from orchestrator.compiler import compile_model
from orchestrator.config.json_records import record_from_json, record_to_json
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.contribution import SCHEMA_VERSION, ContributedModel, Contribution, unit_of
from orchestrator.domain.errors import DoesNotFitError, InputError
from orchestrator.domain.measurement import DeviceRun, Measurement
from orchestrator.domain.model import FirmwareImage
from orchestrator.lab.devices import Device, measure_on
from orchestrator.parity.compare import random_inputs
from orchestrator.toolchain.archive import tool_version
from orchestrator.toolchain.link import link_image, network_compiler

INPUT_SEED = 0
REPEATS = 3


def contribute(models: Mapping[str, bytes], board: BoardType, device: Device) -> Contribution:
    """Flash and measure every .tflite of `models`, by name, on one device; what does not fit is left out.

    Raises:
        InputError: no network fits, or one is not supported.
        InfrastructureError: toolchain or device failed.
    """
    measured: list[tuple[ContributedModel, Measurement]] = []
    left_out: list[str] = []
    for name, tflite in models.items():
        compiled = compile_model(tflite)
        try:
            image = link_image(compiled, board)
        except DoesNotFitError:
            left_out.append(name)
            continue
        run = _measure(image, board, device)
        measured.append((ContributedModel.of(name, image, run), run.measurement))
    if not measured:
        raise InputError(f"{board.name}: none of these networks fits the board: {', '.join(left_out) or 'none given'}")
    first = measured[0][1]
    return Contribution(
        schema_version=SCHEMA_VERSION,
        board=board.name,
        unit=unit_of(first.device),
        cycles_source=device.cycles_source,
        clock_hz=first.clock_hz,
        measured_clock=first.measured_clock,
        memory_settings=first.memory_settings,
        toolchain=tool_version(network_compiler(board).tool("gcc")),
        mcutune=__version__,
        models=tuple(model for model, _ in measured),
        left_out=tuple(left_out),
    )


def _measure(image: FirmwareImage, board: BoardType, device: Device) -> DeviceRun:
    sample = tuple(array[0].tobytes() for array in random_inputs(image.inputs, 1, INPUT_SEED))
    return measure_on(device, image, board, [sample], repeats=REPEATS)


def contribution_file_name(contribution: Contribution) -> str:
    """Name the file after board, source and unit."""
    return f"{contribution.board}-{contribution.cycles_source.value}-{contribution.unit}.json"


def write_contribution(contribution: Contribution, folder: Path) -> Path:
    """Write the file of a contribution; one of the same device is replaced.

    Raises:
        InputError: it cannot be written.
    """
    path = folder / contribution_file_name(contribution)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(record_to_json(contribution, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    return path


def read_contribution(path: Path) -> Contribution:
    """Read a contribution.

    Raises:
        InputError: unreadable, or not as `Contribution` says.
    """
    try:
        return record_from_json(path.read_text(encoding="utf-8"), Contribution)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path}: is no contribution: {' '.join(str(error).split())}") from error
