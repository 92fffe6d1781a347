"""An image cut into what is written at once, and the sectors of flash that it touches."""

from bisect import bisect_right
from collections.abc import Iterable

from orchestrator.domain.board_type import BoardType, MemoryKind
from orchestrator.domain.model import Segment

BLOCK_BYTES = 256
"""The most that one read or write of AN3155 moves (sections 3.4 and 3.6), and a divisor of every flash page."""

WRITE_BYTES = 32
"""Blocks are multiples of this, the largest unit in which a flash is programmed: 8 bytes on most families, 16 on the
STM32U5, and the flash word of 256 bits on the STM32H7 (RM0433, "Embedded flash memory")."""


def program_blocks(segments: Iterable[Segment]) -> list[Segment]:
    """Cut segments at multiples of 256 bytes and fill gaps with 0xFF, so that no unit of flash is written twice."""
    blocks: dict[int, bytearray] = {}
    for segment in segments:
        for address in range(segment.address, segment.address + len(segment.data)):
            start = address - address % BLOCK_BYTES
            block = blocks.setdefault(start, bytearray(b"\xff" * BLOCK_BYTES))
            block[address - start] = segment.data[address - segment.address]
    return [Segment(start, _without_erased_tail(block)) for start, block in sorted(blocks.items())]


def _without_erased_tail(block: bytearray) -> bytes:
    used = max(1, len(block.rstrip(b"\xff")))
    return bytes(block[: used + -used % WRITE_BYTES])


def pages_of(blocks: Iterable[Segment], board: BoardType) -> list[int]:
    """Give the numbers of the flash's pages, or sectors, that the blocks touch, ascending."""
    origin, starts = board.memory(MemoryKind.FLASH).origin, board.sector_starts
    pages: set[int] = set()
    for block in blocks:
        first = bisect_right(starts, block.address - origin) - 1
        last = bisect_right(starts, block.address + len(block.data) - 1 - origin) - 1
        pages.update(range(first, last + 1))
    return sorted(pages)


def first_difference(wanted: Segment, found: bytes) -> str | None:
    """Say where flash holds something else than was written, for an error text; None where it does not."""
    for at, (want, got) in enumerate(zip(wanted.data, found, strict=True)):
        if want != got:
            return f"flash at {wanted.address + at:#x} reads {got:#04x} after {want:#04x} was written"
    return None
