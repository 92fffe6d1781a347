"""Flashing by a debug probe, through pyOCD. The home of pyocd, which comes with the extra `mcutune[probe]`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestrator.device.blocks import WRITE_BYTES, first_difference, pages_of
from orchestrator.device.image_files import programmed_segments
from orchestrator.device.link import Link
from orchestrator.device.wear import spend_erasures
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import (
    DeviceError,
    DeviceSilentError,
    FlashFailedError,
    InputError,
    PortMissingError,
    WrongBoardError,
)
from orchestrator.domain.flash_options import Flashed, FlashOptions
from orchestrator.domain.model import FirmwareImage, Segment

if TYPE_CHECKING:
    from pyocd.core.session import Session
    from pyocd.probe.debug_probe import DebugProbe

_LEAST_ERASE_LIMIT_S = 10.0  # pyOCD's own
_ERASE_MARGIN = 2.0  # what the flash takes at most, and the probe's own work


def flash_by_probe(link: Link, image: FirmwareImage, board: BoardType, options: FlashOptions) -> Flashed:
    """Flash through the probe that the options name by its id, never through another; see `Flasher`.

    pyOCD leaves sectors alone that hold what is wanted; counted as erased are all of the image.
    """
    if image.board != board.name:
        raise WrongBoardError(f"{link.name}: the image is for {image.board!r}, but the unit is a {board.name!r}")
    segments = [_padded(segment) for segment in programmed_segments(image, board)]
    probe = _chosen_probe(options.probe_id)
    name = f"probe {probe.unique_id}"
    with _session(probe, board, name) as session:
        _check_chip(session, board, name)
        spend_erasures(options, _unit(session, board, name), board, pages_of(segments, board))
        _program(session, segments)
        _verify(session, segments, name)
        link.use_even_parity(False)
        session.target.reset()
    return Flashed()


def _padded(segment: Segment) -> Segment:
    return Segment(segment.address, segment.data + b"\xff" * (-len(segment.data) % WRITE_BYTES))


def _chosen_probe(probe_id: str | None) -> DebugProbe:
    """Give the one probe with this id.

    Raises:
        InputError: no id was given, or pyocd is not installed.
        PortMissingError: the probe is not connected.
    """
    try:
        from pyocd.core.helpers import ConnectHelper
    except ImportError as error:
        raise InputError("flashing by pyocd needs the extra: pip install 'mcutune[probe]'") from error
    probes = ConnectHelper.get_all_connected_probes(blocking=False)
    connected = ", ".join(f"{probe.unique_id} ({probe.description})" for probe in probes) or "none"
    if probe_id is None:
        raise InputError(
            f"flashing by pyocd needs the option probe_id, even for a single probe; connected: {connected}"
        )
    for probe in probes:
        if probe.unique_id == probe_id:
            return probe
    raise PortMissingError(f"probe {probe_id}: is not connected, or in use by another program; connected: {connected}")


@contextmanager
def _session(probe: DebugProbe, board: BoardType, name: str) -> Iterator[Session]:
    """Connect under reset, so that neither sleep nor a fault of the firmware is in the way, and halt the chip.

    Raises:
        InputError: pyOCD does not know the board type's chip.
        DeviceSilentError: the chip does not answer.
        FlashFailedError: an erasure or a write failed.
        DeviceError: anything else that pyOCD reports.
    """
    from pyocd.core import exceptions
    from pyocd.core.session import Session

    try:
        with Session(probe, options=session_options(board)) as session:
            yield session
    except exceptions.TargetSupportError as error:
        raise InputError(_unknown_target(board)) from error
    except exceptions.FlashFailure as error:
        raise FlashFailedError(f"{name}: {error}; write-protected, worn out, or power too weak?") from error
    except (exceptions.TransferError, exceptions.TimeoutError) as error:
        raise DeviceSilentError(f"{name}: {board.chip} does not answer ({error}); is the board powered?") from error
    except exceptions.Error as error:
        raise DeviceError(f"{name}: {error}") from error


def session_options(board: BoardType) -> dict[str, object]:
    """Give pyOCD's options; the user's own configuration files are not read.

    Raises:
        InputError: the board type does not say how pyOCD calls its chip.
    """
    if board.probe.pyocd_target is None:
        raise InputError(f"board {board.name}: has no pyocd_target; flash it another way: {', '.join(board.flashing)}")
    return {
        "target_override": board.probe.pyocd_target,
        "connect_mode": "under-reset",
        "no_config": True,
        "hide_programming_progress": True,
        "auto_unlock": False,  # would erase the whole chip
        "chip_erase": "sector",
        "flash.timeout.erase_sector": max(_LEAST_ERASE_LIMIT_S, _ERASE_MARGIN * board.flash.erase_s),
    }


def _unknown_target(board: BoardType) -> str:
    facts = board.probe
    remedy = f"run `pyocd pack install {facts.pyocd_pack}`" if facts.pyocd_pack else "is another pyocd installed?"
    return f"board {board.name}: pyocd does not know its target {facts.pyocd_target!r}; {remedy}"


def _check_chip(session: Session, board: BoardType, name: str) -> None:
    wanted = board.probe.chip_id
    if wanted is None:
        return
    found = session.target.read32(wanted.address) & wanted.mask
    if found != wanted.value:
        raise WrongBoardError(
            f"{name}: the chip's id is {found:#x}, but {board.chip} of {board.name} has {wanted.value:#x}; "
            "is the hardware map right?"
        )


def _unit(session: Session, board: BoardType, name: str) -> str:
    place = board.unique_id
    if place is None:
        return name
    return bytes(session.target.read_memory_block8(place.address, place.size_bytes)).hex()


def _program(session: Session, segments: Sequence[Segment]) -> None:
    from pyocd.flash.loader import MemoryLoader

    loader = MemoryLoader(session)
    for segment in segments:
        loader.add_data(segment.address, segment.data)
    loader.commit()


def _verify(session: Session, segments: Sequence[Segment], name: str) -> None:
    """Read back all, because pyOCD trusts its algorithms."""
    for segment in segments:
        found = bytes(session.target.read_memory_block8(segment.address, len(segment.data)))
        difference = first_difference(segment, found)
        if difference:
            raise FlashFailedError(f"{name}: {difference}; write-protected, worn out, or power too weak?")
