"""Flashing through the resident loader: write the sectors that differ, verify, record, start."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

from orchestrator.device.exchange import line_time_s
from orchestrator.device.link import Link
from orchestrator.device.reset import reset_into_firmware
from orchestrator.device.resident_loader import ResidentLoader
from orchestrator.device.resident_loader_messages import LOADER_VERSION, LoaderIdentity
from orchestrator.device.wear import spend_erasures
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import WrongBoardError, WrongImageError
from orchestrator.domain.flash_options import Flashed, FlashOptions
from orchestrator.domain.model import FirmwareImage, Segment

FAST_BAUD = 921_600
"""What the ST-LINK's serial line, and every USB bridge in use on kits, carries."""

_WORTH_A_CHANGE_S = 0.5  # a change of speed takes some tenths of a second where the line is behind a network
_ENTRY_LIMIT_S = 5.0  # a firmware in the middle of a long inference does not listen; the reset line may be missing


def flash_by_resident_loader(link: Link, image: FirmwareImage, board: BoardType, options: FlashOptions) -> Flashed:
    """Flash through our loader on the console's UART (docs/boards.md); see `Flasher`."""
    link.use_even_parity(False)
    # Into the loader's window; where the kit has no reset line, the firmware is asked.
    reset_into_firmware(link, options.wiring)
    loader = ResidentLoader(link, board.flash.erase_s)
    identity = loader.synchronise(_ENTRY_LIMIT_S)
    _check_identity(identity, image, board, link)
    loader.begin(image.board)
    pages = application_pages(image.segments, identity, link)
    stored = loader.page_crcs(len(pages), identity.page_bytes)
    plan = plan_pages(pages, stored, image, board, options.keep_stale_weights)
    spend_erasures(options, identity.device, board, sectors_erased_by(plan.to_write, board))
    _write(loader, link, pages, plan.to_write)
    spend_erasures(options, identity.device, board, sectors_erased_by(loader.repeated_writes, board)[1:])
    loader.commit(len(pages), plan.crc, identity.page_bytes)
    loader.start()
    link.use_baud(board.console.baud)
    return Flashed(stale_pages=len(plan.stale))


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


@dataclass(frozen=True)
class PagePlan:
    """Which of the application's pages to write, which stay stale, and the CRC-32 of all as they will be."""

    to_write: tuple[int, ...]
    stale: frozenset[int]
    crc: int


def plan_pages(
    pages: Sequence[bytes], stored_crcs: Sequence[int], image: FirmwareImage, board: BoardType, keep_stale_weights: bool
) -> PagePlan:
    """Compare the pages wanted with what is in flash.

    A page that must be erased with a changed one, because they share a sector, is written whatever it holds.
    """
    crcs = [zlib.crc32(page) for page in pages]
    changed = {number for number, crc in enumerate(crcs) if crc != stored_crcs[number]}
    of_weights = _pages_of_weights(image, board) if keep_stale_weights else range(0)
    to_write = pages_of_sectors(changed.difference(of_weights), len(pages), board)
    stale = changed.difference(to_write)
    final = [stored_crcs[number] if number in stale else crc for number, crc in enumerate(crcs)]
    return PagePlan(tuple(to_write), frozenset(stale), _crc_of_all(final, board.flash.page_bytes))


def _pages_of_weights(image: FirmwareImage, board: BoardType) -> range:
    """Give the application's pages that hold weights and nothing else."""
    start, page_bytes = board.application_flash.origin, board.flash.page_bytes
    addresses = image.weights_addresses
    return range(-(-(addresses.start - start) // page_bytes), (addresses.stop - start) // page_bytes)


def _crc_of_all(crcs: Iterable[int], page_bytes: int) -> int:
    """Give the CRC-32 of pages behind one another from the CRC-32 of each, whose contents may be unknown.

    A CRC is linear: zlib.crc32(page, before) differs from zlib.crc32(page) as it does for a page of zeros.
    """
    zeros = bytes(page_bytes)
    of_zeros = zlib.crc32(zeros)
    return reduce(lambda before, crc: crc ^ zlib.crc32(zeros, before) ^ of_zeros, crcs)


def _write(loader: ResidentLoader, link: Link, pages: Sequence[bytes], to_write: Sequence[int]) -> None:
    sent_bytes = sum(len(pages[number].rstrip(b"\xff")) for number in to_write)
    if line_time_s(sent_bytes, link.baud) > _WORTH_A_CHANGE_S and link.baud < FAST_BAUD:
        loader.change_speed(FAST_BAUD)
    for number in to_write:
        loader.write(number, pages[number])


def sectors_erased_by(writes: Sequence[int], board: BoardType) -> list[int]:
    """Give the flash's sectors that the loader erases when it writes these pages: first the one of its record."""
    if not writes:
        return []
    starts, page_bytes = board.sector_starts, board.flash.page_bytes
    begins = {start: number for number, start in enumerate(starts)}
    offsets = (board.application_offset_bytes + number * page_bytes for number in writes)
    record = begins[board.application_offset_bytes] - 1
    return [record, *(begins[offset] for offset in offsets if offset in begins)]


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
