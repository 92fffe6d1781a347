"""Where a network is measured: on a virtual board, in Renode, or on a board at a serial port."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from orchestrator.device.energy_meter import EnergyMeter
from orchestrator.device.flashing import flash_image
from orchestrator.device.link import Link
from orchestrator.device.measure import measure_image
from orchestrator.device.messages import LOAD_BYTES_PER_COMMAND
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import DeviceError, InputError
from orchestrator.domain.flash_options import Flashed, FlashOptions
from orchestrator.domain.measurement import CyclesSource, DeviceRun
from orchestrator.domain.model import FirmwareImage
from orchestrator.renode.board import RenodeBoard
from orchestrator.virtual_board.process import VirtualBoardProcess, start_virtual_board

FLASH_DEFAULTS = FlashOptions()
VIRTUAL = "virtual"
RENODE = "renode"


class Device(Protocol):
    """A board that is on; ends when closed.

    Attributes:
        cycles_source: where the counts that it reports come from.
        load_bytes: the most that one command may load into an input.
    """

    cycles_source: CyclesSource
    load_bytes: int

    @property
    def url(self) -> str:
        """What pyserial opens its console by."""

    def flash(self, link: Link, image: FirmwareImage, board: BoardType, options: FlashOptions) -> Flashed:
        """Bring an image onto it and start it; see `device.flashing.Flasher`."""

    def is_alive(self) -> bool:
        """Say whether it is worth another try; a board at a serial port always is."""

    def explained(self, error: DeviceError) -> DeviceError:
        """Give the error with what only the device knows of it, the same one where it knows nothing."""

    def close(self) -> None:
        """Switch it off, where it was switched on for us; closing twice is fine."""


class BoardAtPort:
    """A board at a serial port: whoever attached it knows what counts its cycles."""

    load_bytes = LOAD_BYTES_PER_COMMAND

    def __init__(self, url: str, cycles_source: CyclesSource) -> None:
        self.url = url
        self.cycles_source = cycles_source

    def flash(self, link: Link, image: FirmwareImage, board: BoardType, options: FlashOptions) -> Flashed:
        """Flash by the method that the options name, or the board type's first."""
        return flash_image(link, image, board, options)

    def is_alive(self) -> bool:
        """Say yes: what is wrong with it shows as the next error."""
        return True

    def explained(self, error: DeviceError) -> DeviceError:
        """Give the error itself: all there is to know came over the line."""
        return error

    def close(self) -> None:
        """Leave the board on."""


class VirtualDevice(BoardAtPort):
    """A virtual board that was started for us."""

    def __init__(self, process: VirtualBoardProcess, cycles_source: CyclesSource) -> None:
        self._process = process
        self.cycles_source = cycles_source

    @property
    def url(self) -> str:  # type: ignore[override]  # it moves when the port vanishes
        """Its present URL."""
        return self._process.url

    def is_alive(self) -> bool:
        """Say whether the process runs."""
        return self._process.is_alive()

    def close(self) -> None:
        """End the process."""
        self._process.close()


def is_port(spec: str) -> bool:
    """Say whether `spec` names a serial port, not a kind of emulated board."""
    return "://" in spec or spec.startswith("/")


def start_device(
    board: BoardType,
    spec: str = VIRTUAL,
    *,
    cycles_source: CyclesSource | None = None,
    zero_wait_states: bool = False,
    count_instructions: bool = False,
) -> Device:
    """Switch on what `spec` names: `virtual`, `renode`, or the path or URL of the serial port of a board of that type.

    Args:
        cycles_source: of a board at a port, whose firmware cannot tell; silicon by default.
        zero_wait_states: of the virtual board only, as is `count_instructions`; see `start_virtual_board`.

    Raises:
        InputError: `spec` is none of these, or an option does not go with it.
        DeviceError: it does not start.
    """
    if spec != VIRTUAL and (zero_wait_states or count_instructions):
        raise InputError(f"--device {spec}: only the virtual board takes --zero-wait-states and --count-instructions")
    if spec == VIRTUAL:
        _refuse_cycles_source(spec, cycles_source)
        process = start_virtual_board(board, zero_wait_states=zero_wait_states, count_instructions=count_instructions)
        return VirtualDevice(process, CyclesSource.VIRTUAL_INSTRUCTIONS if count_instructions else CyclesSource.VIRTUAL)
    if spec == RENODE:
        _refuse_cycles_source(spec, cycles_source)
        return RenodeBoard(board)
    if is_port(spec):
        return BoardAtPort(spec, cycles_source or CyclesSource.SILICON)
    raise InputError(
        f"--device {spec}: must be {VIRTUAL!r}, {RENODE!r}, a path such as /dev/ttyACM0 or a URL such as "
        "rfc2217://host:port"
    )


def _refuse_cycles_source(spec: str, cycles_source: CyclesSource | None) -> None:
    if cycles_source is not None:
        raise InputError(f"--cycles-source: goes with a board at a port only; --device {spec} is known to the program")


@contextmanager
def open_device(
    board: BoardType,
    spec: str = VIRTUAL,
    *,
    cycles_source: CyclesSource | None = None,
    zero_wait_states: bool = False,
    count_instructions: bool = False,
) -> Iterator[Device]:
    """Like `start_device`, closing it in the end."""
    device = start_device(
        board,
        spec,
        cycles_source=cycles_source,
        zero_wait_states=zero_wait_states,
        count_instructions=count_instructions,
    )
    try:
        yield device
    finally:
        device.close()


def measure_on(
    device: Device,
    image: FirmwareImage,
    board: BoardType,
    samples: Sequence[tuple[bytes, ...]],
    *,
    repeats: int = 5,
    is_stream: bool = False,
    log: Path | None = None,
    meter: EnergyMeter | None = None,
    flash: FlashOptions = FLASH_DEFAULTS,
) -> DeviceRun:
    """Flash `image` onto the device and measure it; see `measure_image`."""
    try:
        return measure_image(
            image,
            board,
            device.url,
            samples,
            cycles_source=device.cycles_source,
            flasher=device.flash,
            flash=flash,
            load_bytes=device.load_bytes,
            repeats=repeats,
            is_stream=is_stream,
            log=log,
            meter=meter,
        )
    except DeviceError as error:
        explained = device.explained(error)
        if explained is error:
            raise
        raise explained from error
