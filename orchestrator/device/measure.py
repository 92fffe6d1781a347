"""One image on one board: flash, check who answers, measure, compute."""

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median_low

from orchestrator.device.flashing import flash_image
from orchestrator.device.link import SerialLink
from orchestrator.device.mended import note_mended
from orchestrator.device.messages import PROTOCOL_VERSION, Identity
from orchestrator.device.runner import Runner
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import (
    DeviceRefusedError,
    DeviceSilentError,
    FlashFailedError,
    UnexpectedReplyError,
    WrongBoardError,
    WrongImageError,
)
from orchestrator.domain.measurement import CyclesSource, DeviceRun, LayerCycles, Measurement
from orchestrator.domain.model import FirmwareImage

logger = logging.getLogger(__name__)

ATTEMPTS = 3
RETRIED = (DeviceSilentError, UnexpectedReplyError, DeviceRefusedError, FlashFailedError)
"""What a disturbed line, a reset or a boot that failed looks like; a fresh start may not meet it again."""

# From reset to the first answer: clocks and 100 characters of banner take 10 ms, an emulator on a busy host more.
_BOOT_LIMIT_S = 3.0

# An upper bound of the cycles of one inference, for deadlines only: per multiply-accumulate with reference
# kernels, and per byte of arena that each layer may touch.
_WORST_CYCLES_PER_MAC = 20
_WORST_CYCLES_PER_ARENA_BYTE = 50

# How many times slower than the silicon's clock the source may run.
_EMULATED = 50
_SLOWDOWN = {source: 1 if source is CyclesSource.SILICON else _EMULATED for source in CyclesSource}


def measure_image(
    image: FirmwareImage,
    board: BoardType,
    url: str,
    samples: Sequence[tuple[bytes, ...]],
    *,
    cycles_source: CyclesSource,
    repeats: int = 5,
    warmups: int = 1,
    is_stream: bool = False,
    log: Path | None = None,
) -> DeviceRun:
    """Flash `image`, measure it, and run it on `samples`, each a tuple of the stored bytes of all inputs.

    Cycles are counted on the first sample, or on zeros where there is none.

    Errors of `RETRIED` are met by starting afresh, from the reset before flashing, `ATTEMPTS` times in all.

    Args:
        is_stream: a sample finds the state that the one before left; else each starts from the initial state.
        url: the console of the board, any URL of pyserial.
        log: file to append all serial traffic to.

    Raises:
        WrongBoardError, WrongImageError: something else answers than what was asked for and flashed.
        DeviceError: the port is missing, or the board was silent, refused or answered nonsense.
    """
    _check_samples(image, samples)
    measure = partial(_measure_once, image, board, url, samples, cycles_source, repeats, warmups, is_stream, log)
    for attempt in range(1, ATTEMPTS):
        try:
            return measure()
        except RETRIED as error:
            logger.warning("attempt %d of %d: %s", attempt, ATTEMPTS, error)
            note_mended(error)
    return measure()


def _measure_once(
    image: FirmwareImage,
    board: BoardType,
    url: str,
    samples: Sequence[tuple[bytes, ...]],
    cycles_source: CyclesSource,
    repeats: int,
    warmups: int,
    is_stream: bool,
    log: Path | None,
) -> DeviceRun:
    with SerialLink(url, board.console.baud, log) as link:
        flash_image(link, image, board)
        runner = Runner(link, _longest_inference_s(image, board, cycles_source))
        runner.synchronise(_BOOT_LIMIT_S)
        identity = runner.identity()
        _check_identity(identity, image, board, url)
        if samples:
            _load(runner, samples[0])
        cycles = runner.bench(repeats, warmups)
        outputs = tuple(
            _compute(runner, image, sample, continues=is_stream and number > 0) for number, sample in enumerate(samples)
        )
        layers = runner.layers(len(image.layers))
        stack_bytes = runner.memory().stack_bytes
    measurement = Measurement(
        board=identity.board,
        device=identity.device,
        cycles_source=cycles_source,
        clock_hz=identity.clock_hz,
        cycles=median_low(cycles),
        cycles_min=min(cycles),
        cycles_max=max(cycles),
        stack_bytes=stack_bytes,
        footprint=image.footprint,
        layers=tuple(
            LayerCycles(layer.name, layer.operator, count) for layer, count in zip(image.layers, layers, strict=True)
        ),
    )
    return DeviceRun(identity.model_hash, measurement, outputs)


def _check_samples(image: FirmwareImage, samples: Sequence[tuple[bytes, ...]]) -> None:
    wanted = [tensor.size_bytes for tensor in image.inputs]
    for index, sample in enumerate(samples):
        sizes = [len(data) for data in sample]
        if sizes != wanted:
            raise ValueError(f"sample {index}: inputs must have {wanted} bytes, but got {sizes}")


def _longest_inference_s(image: FirmwareImage, board: BoardType, source: CyclesSource) -> float:
    macs = sum(layer.macs for layer in image.layers)
    touched_bytes = len(image.layers) * image.footprint.arena_bytes
    cycles = macs * _WORST_CYCLES_PER_MAC + touched_bytes * _WORST_CYCLES_PER_ARENA_BYTE
    return _SLOWDOWN[source] * cycles / board.clock_hz


def _check_identity(identity: Identity, image: FirmwareImage, board: BoardType, url: str) -> None:
    if identity.board != board.name:
        raise WrongBoardError(
            f"{url}: the firmware reports board {identity.board!r}, but {board.name!r} was asked for; "
            "is the hardware map right?"
        )
    if identity.protocol != PROTOCOL_VERSION or identity.model_hash != image.model_hash:
        raise WrongImageError(
            f"{url}: the firmware reports model {identity.model_hash} by protocol {identity.protocol}, but "
            f"model {image.model_hash} by protocol {PROTOCOL_VERSION} was flashed; "
            "did the board reset into another image?"
        )


def _load(runner: Runner, sample: tuple[bytes, ...]) -> None:
    for index, data in enumerate(sample):
        runner.load_input(index, data)


def _compute(runner: Runner, image: FirmwareImage, sample: tuple[bytes, ...], continues: bool) -> tuple[bytes, ...]:
    _load(runner, sample)
    if continues:
        runner.step()
    else:
        runner.run()
    return tuple(runner.output(index, tensor.size_bytes) for index, tensor in enumerate(image.outputs))
