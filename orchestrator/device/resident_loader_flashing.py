"""Flashing through the resident loader: write the sectors that differ, verify, record, start."""

import zlib
from collections.abc import Iterable
from itertools import pairwise

from orchestrator.device.exchange import line_time_s
from orchestrator.device.link import Link
from orchestrator.device.reset import reset_into_firmware
from orchestrator.device.resident_loader import ResidentLoader
from orchestrator.device.resident_loader_messages import LOADER_VERSION, LoaderIdentity
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import WrongBoardError, WrongImageError
from orchestrator.domain.model import FirmwareImage, Segment

FAST_BAUD = 921_600
"""What the ST-LINK's serial line, and every USB bridge in use on kits, carries."""

_WORTH_A_CHANGE_S = 0.5  # a change of speed takes some tenths of a second where the line is behind a network
_ENTRY_LIMIT_S = 5.0  # a firmware in the middle of a long inference does not listen; the reset line may be missing


def flash_by_resident_loader(link: Link, image: FirmwareImage, board: BoardType) -> None:
    """Flash through our loader on the console's UART (docs/boards.md); see `Flasher`."""
    link.use_even_parity(False)
    reset_into_firmware(link)  # into the loader's window; where the kit has no reset line, the firmware is asked
    loader = ResidentLoader(link, board.flash.erase_s)
    identity = loader.synchronise(_ENTRY_LIMIT_S)
    _check_identity(identity, image, board, link)
    loader.begin(image.board)
    pages = application_pages(image.segments, identity, link)
    _write_changed(loader, link, pages, board)
    loader.commit(len(pages), zlib.crc32(b"".join(pages)), identity.page_bytes)
    loader.start()
    link.use_baud(board.console.baud)


def application_pages(segments: Iterable[Segment], identity: LoaderIdentity, link: Link) -> list[bytes]:
    """Give the application as whole pages from its first address on; gaps are filled as erased.

    Raises:
        WrongImageError: a segment lies outside of the application's part of the flash.
    """
    size_bytes = identity.application_pages * identity.page_bytes
    content = bytearray()
    for segment in segments:
        start = segment.address - identity.application_start
        end = start + len(segment.data)
        if start < 0 or end > size_bytes:
            raise WrongImageError(
                f"{link.name}: the image has {len(segment.data)} bytes at {segment.address:#x}, but the loader takes "
                f"{size_bytes} bytes from {identity.application_start:#x} on; was it linked for this board?"
            )
        content += b"\xff" * (end - len(content))
        content[start:end] = segment.data
    content += b"\xff" * (-len(content) % identity.page_bytes)
    return [bytes(content[at : at + identity.page_bytes]) for at in range(0, len(content), identity.page_bytes)]


def _check_identity(identity: LoaderIdentity, image: FirmwareImage, board: BoardType, link: Link) -> None:
    if identity.version != LOADER_VERSION:
        raise WrongBoardError(
            f"{link.name}: the resident loader has version {identity.version}, but {LOADER_VERSION} is needed; "
            "install it anew"
        )
    for name in (board.name, image.board):
        if identity.board != name:
            raise WrongBoardError(
                f"{link.name}: the resident loader reports board {identity.board!r}, but {name!r} was asked for; "
                "is the hardware map right?"
            )


def _write_changed(loader: ResidentLoader, link: Link, pages: list[bytes], board: BoardType) -> None:
    stored = loader.page_crcs(len(pages), board.flash.page_bytes)
    changed = {number for number, page in enumerate(pages) if zlib.crc32(page) != stored[number]}
    to_write = pages_of_sectors(changed, len(pages), board)
    sent_bytes = sum(len(pages[number].rstrip(b"\xff")) for number in to_write)
    if line_time_s(sent_bytes, link.baud) > _WORTH_A_CHANGE_S and link.baud < FAST_BAUD:
        loader.change_speed(FAST_BAUD)
    for number in to_write:
        loader.write(number, pages[number])


def pages_of_sectors(changed: set[int], count: int, board: BoardType) -> list[int]:
    """Give all of the first `count` pages that share a sector with a changed one, ascending.

    The numbers are the application's: what is erased with a page must be written again.
    """
    numbers: list[int] = []
    for start, end in pairwise(board.sector_starts):
        pages = range(*((at - board.application_offset_bytes) // board.flash.page_bytes for at in (start, end)))
        if not changed.isdisjoint(pages):
            numbers += (page for page in pages if page < count)
    return numbers
