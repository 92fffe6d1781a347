"""One image on one board: flash, check who answers, measure, compute."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median_low

from orchestrator.device.energy_meter import EnergyMeter
from orchestrator.device.flashing import Flasher, flash_image
from orchestrator.device.inference_row import observe_row
from orchestrator.device.link import SerialLink
from orchestrator.device.mended import note_mended
from orchestrator.device.messages import LOAD_BYTES_PER_COMMAND, PROTOCOL_VERSION, Identity
from orchestrator.device.runner import Runner
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import (
    DeviceError,
    DeviceFaultError,
    DeviceRefusedError,
    DeviceSilentError,
    FlashFailedError,
    MeterError,
    StoppedCounterError,
    UnexpectedReplyError,
    WrongBoardError,
    WrongClockError,
    WrongImageError,
    WrongSettingsError,
)
from orchestrator.domain.flash_options import FlashOptions
from orchestrator.domain.measurement import CyclesSource, DeviceRun, LayerCycles, Measurement, MemorySetting
from orchestrator.domain.model import FirmwareImage

logger = logging.getLogger(__name__)

ATTEMPTS = 3
RETRIED = (
    DeviceSilentError,
    UnexpectedReplyError,
    DeviceRefusedError,
    FlashFailedError,
    MeterError,
    WrongClockError,
)
"""What a disturbed line, a reset or a boot that failed looks like, or a busy host to a meter and to a clock; a fresh
start may not meet it again."""

WAIT_STATES = "flash-wait-states"
"""The memory setting that board.yaml knows as well."""

_FLASH_DEFAULTS = FlashOptions()

# From reset to the first answer: clocks and 100 characters of banner take 10 ms, an emulator on a busy host more.
_BOOT_LIMIT_S = 3.0

# An upper bound of the cycles of one inference, for deadlines only: per multiply-accumulate with reference
# kernels, and per byte of arena that each layer may touch.
_WORST_CYCLES_PER_MAC = 20
_WORST_CYCLES_PER_ARENA_BYTE = 50

_WORST_CYCLES_BESIDE_LAYERS = 1_000  # inputs and state are put back, the time is taken

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
    meter: EnergyMeter | None = None,
    flasher: Flasher = flash_image,
    flash: FlashOptions = _FLASH_DEFAULTS,
    load_bytes: int = LOAD_BYTES_PER_COMMAND,
) -> DeviceRun:
    """Flash `image`, measure it, and run it on `samples`, each a tuple of the stored bytes of all inputs.

    Cycles are counted on the first sample, or on zeros where there is none.

    Errors of `RETRIED` are met by starting afresh, from the reset before flashing, `ATTEMPTS` times in all.

    Args:
        is_stream: a sample finds the state that the one before left; else each starts from the initial state.
        url: the console of the board, any URL of pyserial.
        log: file to append all serial traffic to.
        meter: in the supply of this board; gives the energy of one inference.
        flasher: how the image gets onto the board.
        flash: what flashing this unit takes. With `keep_stale_weights`, a run that left weights of an earlier network
            in flash gives no outputs; after any trouble everything is written.
        load_bytes: the most that one command may load into an input.

    Raises:
        WrongBoardError, WrongImageError: something else answers than what was asked for and flashed.
        DeviceError: the port is missing, or the board was silent, refused or answered nonsense.
    """
    _check_samples(image, samples)
    plan = _Plan(image, board, samples, cycles_source, repeats, warmups, is_stream, meter, load_bytes)

    def measure(options: FlashOptions) -> DeviceRun:
        with SerialLink(url, board.console.baud, log) as link:
            stale_pages = flasher(link, image, board, options).stale_pages
            return _measured(link, plan, stale_pages)

    for attempt in range(1, ATTEMPTS):
        try:
            return measure(flash)
        except _retried(flash) as error:
            logger.warning("attempt %d of %d: %s", attempt, ATTEMPTS, error)
            note_mended(error)
        flash = replace(flash, keep_stale_weights=False)
    return measure(flash)


def _retried(flash: FlashOptions) -> tuple[type[DeviceError], ...]:
    """Stale pages may hold words that an interrupted write made unreadable, which faults."""
    return (*RETRIED, DeviceFaultError) if flash.keep_stale_weights else RETRIED


@dataclass(frozen=True)
class _Plan:
    """What is to be measured; see `measure_image`."""

    image: FirmwareImage
    board: BoardType
    samples: Sequence[tuple[bytes, ...]]
    cycles_source: CyclesSource
    repeats: int
    warmups: int
    is_stream: bool
    meter: EnergyMeter | None
    load_bytes: int


def _measured(link: SerialLink, plan: _Plan, stale_pages: int) -> DeviceRun:
    image, board, samples, url = plan.image, plan.board, plan.samples, link.name
    runner = Runner(link, _longest_inference_s(image, board, plan.cycles_source), plan.load_bytes)
    runner.synchronise(_BOOT_LIMIT_S)
    identity = runner.identity()
    _check_identity(identity, image, board, url)
    settings = runner.settings()
    _check_settings(settings, board, url)
    if samples:
        _load(runner, samples[0])
    cycles = runner.bench(plan.repeats, plan.warmups)
    _check_counts(cycles, url)
    row = observe_row(
        runner,
        image,
        median_low(cycles),
        identity.clock_hz,
        is_time_real=plan.cycles_source is CyclesSource.SILICON,
        meter=plan.meter,
    )
    outputs = tuple(
        _compute(runner, image, sample, continues=plan.is_stream and number > 0)
        for number, sample in enumerate(samples)
    )
    layers = runner.layers(len(image.layers))
    stack_bytes = runner.memory().stack_bytes
    measurement = Measurement(
        board=identity.board,
        device=identity.device,
        cycles_source=plan.cycles_source,
        clock_hz=identity.clock_hz,
        cycles=median_low(cycles),
        cycles_min=min(cycles),
        cycles_max=max(cycles),
        stack_bytes=stack_bytes,
        footprint=image.footprint,
        layers=tuple(
            LayerCycles(layer.name, layer.operator, count) for layer, count in zip(image.layers, layers, strict=True)
        ),
        energy=row.energy,
        measured_clock=row.clock,
        memory_settings=settings,
    )
    return DeviceRun(identity.model_hash, measurement, () if stale_pages else outputs, stale_pages)


def _check_samples(image: FirmwareImage, samples: Sequence[tuple[bytes, ...]]) -> None:
    wanted = [tensor.size_bytes for tensor in image.inputs]
    for index, sample in enumerate(samples):
        sizes = [len(data) for data in sample]
        if sizes != wanted:
            raise ValueError(f"sample {index}: inputs must have {wanted} bytes, but got {sizes}")


def _longest_inference_s(image: FirmwareImage, board: BoardType, source: CyclesSource) -> float:
    macs = sum(layer.macs for layer in image.layers)
    touched_bytes = len(image.layers) * image.footprint.arena_bytes
    cycles = macs * _WORST_CYCLES_PER_MAC + touched_bytes * _WORST_CYCLES_PER_ARENA_BYTE + _WORST_CYCLES_BESIDE_LAYERS
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


def _check_settings(settings: Sequence[MemorySetting], board: BoardType, url: str) -> None:
    for setting in settings:
        if setting.name == WAIT_STATES and setting.value != board.flash.wait_states:
            raise WrongSettingsError(
                f"{url}: the chip reads its flash with {setting.value} wait states, but {board.name} has "
                f"{board.flash.wait_states}: cycles would be another board's; is the firmware's port right?"
            )


def _check_counts(cycles: Sequence[int], url: str) -> None:
    if min(cycles) == 0:
        raise StoppedCounterError(
            f"{url}: an inference took no cycle: the cycle counter stands still; is the DWT locked (DWT_LAR), or trace "
            "off (DEMCR.TRCENA)?"
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
