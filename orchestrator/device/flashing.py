"""Bringing an image into a board's flash: one interface, a table of methods."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Protocol

from orchestrator.device.an3155 import BLOCK_BYTES, WRITE_ALIGNMENT, Bootloader
from orchestrator.device.link import Link
from orchestrator.device.reset import reset_into_bootloader, reset_into_firmware
from orchestrator.device.resident_loader_flashing import flash_by_resident_loader
from orchestrator.domain.board_type import BoardType, MemoryKind
from orchestrator.domain.errors import (
    DeviceRefusedError,
    DeviceSilentError,
    FlashFailedError,
    InputError,
    UnexpectedReplyError,
    WrongBoardError,
)
from orchestrator.domain.model import FirmwareImage, Segment

_CONNECT_ATTEMPTS = 3  # the first connection after a power cycle is known to fail on some kits
_SYNC_LIMIT_S = 1.0


class Flasher(Protocol):
    """One way to flash; leaves the image verified and started, the link set for the firmware's console (8N1)."""

    def __call__(self, link: Link, image: FirmwareImage, board: BoardType) -> None:
        """Flash, verify and start `image`.

        Raises:
            WrongBoardError: the chip that answers is not the board type's; nothing was erased.
            FlashFailedError: what was read back differs from what was written.
            DeviceError: the board was silent, refused, or answered nonsense.
        """


def flash_image(link: Link, image: FirmwareImage, board: BoardType) -> None:
    """Flash by the first of the board type's methods that there is; see `Flasher` for errors."""
    for name in board.flashing:
        if name in FLASHERS:
            FLASHERS[name](link, image, board)
            return
    raise InputError(f"board {board.name}: no known flashing method in {board.flashing}; known: {', '.join(FLASHERS)}")


def flash_by_stm32_bootloader(link: Link, image: FirmwareImage, board: BoardType) -> None:
    """Flash through the STM32 ROM bootloader on the console's UART (AN3155)."""
    blocks = program_blocks(image.segments)
    bootloader = _connect(link, board)
    bootloader.erase(pages_of(blocks, board))
    for block in blocks:
        bootloader.write(block.address, block.data)
    for block in blocks:
        _verify(link, bootloader, block)
    link.use_even_parity(False)
    reset_into_firmware(link)


FLASHERS: dict[str, Flasher] = {
    "stm32-serial": flash_by_stm32_bootloader,
    "serial-loader": flash_by_resident_loader,
}


def program_blocks(segments: Iterable[Segment]) -> list[Segment]:
    """Cut segments at multiples of 256 bytes and fill gaps with 0xFF, so that no double word is written twice."""
    blocks: dict[int, bytearray] = {}
    for segment in segments:
        for address in range(segment.address, segment.address + len(segment.data)):
            start = address - address % BLOCK_BYTES
            block = blocks.setdefault(start, bytearray(b"\xff" * BLOCK_BYTES))
            block[address - start] = segment.data[address - segment.address]
    return [Segment(start, _without_erased_tail(block)) for start, block in sorted(blocks.items())]


def _without_erased_tail(block: bytearray) -> bytes:
    used = max(1, len(block.rstrip(b"\xff")))
    return bytes(block[: used + -used % WRITE_ALIGNMENT])


def pages_of(blocks: Iterable[Segment], board: BoardType) -> list[int]:
    """Give the numbers of the flash's pages, or sectors, that the blocks touch, ascending."""
    origin, starts = board.memory(MemoryKind.FLASH).origin, board.sector_starts
    pages: set[int] = set()
    for block in blocks:
        first = bisect_right(starts, block.address - origin) - 1
        last = bisect_right(starts, block.address + len(block.data) - 1 - origin) - 1
        pages.update(range(first, last + 1))
    return sorted(pages)


def _connect(link: Link, board: BoardType) -> Bootloader:
    """Reset into the bootloader and check the chip, trying again where the line was silent or noisy."""
    link.use_even_parity(True)
    bootloader = Bootloader(link)
    for attempt in range(1, _CONNECT_ATTEMPTS + 1):
        reset_into_bootloader(link)
        try:
            bootloader.synchronise(_SYNC_LIMIT_S)
            _check_product(link, bootloader.get_id(), board)
            break
        except (DeviceSilentError, UnexpectedReplyError, DeviceRefusedError, WrongBoardError):
            if attempt == _CONNECT_ATTEMPTS:  # the product comes without a checksum: it may be noise as well
                raise
    return bootloader


def _check_product(link: Link, product_id: int, board: BoardType) -> None:
    wanted = board.rom_bootloader
    if wanted is None or product_id != wanted.product_id:
        raise WrongBoardError(
            f"{link.name}: the bootloader reports product {product_id:#x}, but {board.name} has "
            f"{f'{wanted.product_id:#x}' if wanted else 'no ROM bootloader'}; is the hardware map right?"
        )


def _verify(link: Link, bootloader: Bootloader, block: Segment) -> None:
    read_back = bootloader.read(block.address, len(block.data))
    if read_back != block.data:
        at = next(i for i, (a, b) in enumerate(zip(read_back, block.data, strict=True)) if a != b)
        raise FlashFailedError(
            f"{link.name}: flash at {block.address + at:#x} reads {read_back[at]:#04x} after {block.data[at]:#04x} "
            "was written; worn out, write-protected, or power too weak?"
        )
