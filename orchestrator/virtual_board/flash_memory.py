"""Program and erase the flash as the real one does (RM0351 3.3.6, 3.3.7)."""

from bisect import bisect_right
from typing import Protocol

from orchestrator.domain.board_type import BoardType, MemoryKind
from orchestrator.virtual_board.cpu import Cpu

DOUBLE_WORD_BYTES = 8
ERASED = b"\xff" * DOUBLE_WORD_BYTES
ZEROED = bytes(DOUBLE_WORD_BYTES)


class FlashFault(Protocol):
    """Something that keeps the flash from holding what it should."""

    def erased(self, address: int, content: bytes) -> bytes:
        """Give what is there after pages were erased."""

    def programmed(self, address: int, content: bytes) -> bytes:
        """Give what is there after a double word was programmed."""


class FlashMemory:
    """The flash array behind its controller: erased in sectors, which on most chips are called pages.

    Attributes:
        faults: each changes what the one before has let through.
    """

    def __init__(self, board: BoardType, cpu: Cpu) -> None:
        self._memory = board.memory(MemoryKind.FLASH)
        self._starts = board.sector_starts
        self._cpu = cpu
        self.faults: list[FlashFault] = []

    @property
    def pages(self) -> int:
        """Number of sectors."""
        return len(self._starts) - 1

    def holds(self, address: int, size_bytes: int) -> bool:
        """Say whether a range lies in the flash."""
        return self._memory.origin <= address and address + size_bytes <= self._memory.end

    def erase(self, first_page: int, pages: int) -> None:
        """Set whole sectors to 0xFF."""
        address, end = self.address_of(first_page), self.address_of(first_page + pages)
        content = b"\xff" * (end - address)
        for fault in self.faults:
            content = fault.erased(address, content)
        self._cpu.program(address, content)

    def address_of(self, page: int) -> int:
        """Give the address of a sector."""
        return self._memory.origin + self._starts[page]

    def page_of(self, address: int) -> int:
        """Give the number of the sector that an address lies in."""
        return bisect_right(self._starts, address - self._memory.origin) - 1

    def page_bytes(self, page: int) -> int:
        """Give the size of a sector."""
        return self._starts[page + 1] - self._starts[page]

    def allow_stores(self, allowed: bool) -> None:
        """Let stores of the core change the flash instead of faulting."""
        self._cpu.allow_flash_stores(allowed)

    def double_word(self, address: int) -> bytes:
        """Give what the double word at `address` holds."""
        return self._cpu.read_memory(address, DOUBLE_WORD_BYTES) or ERASED

    def take_double_word(self, address: int, data: bytes, before: bytes) -> bool:
        """Program a double word whose content was `before`; False (PROGERR) where that may not be."""
        after = _programmed(before, data)
        self.hold(address, after)
        return after == data

    def restore(self, address: int, before: bytes) -> None:
        """Undo stores that the flash did not take."""
        self._cpu.program(address, before)

    def program(self, address: int, data: bytes) -> None:
        """Program a range; the rest of its first and last double word is padded with 0xFF.

        A double word that is not erased keeps its content (PROGERR), except that all zeros may always be written.
        """
        start = address & ~(DOUBLE_WORD_BYTES - 1)
        padded = b"\xff" * (address - start) + data
        padded += b"\xff" * (-len(padded) % DOUBLE_WORD_BYTES)
        old = self._cpu.read_memory(start, len(padded)) or b""
        for index, (before, double_word) in enumerate(zip(_double_words(old), _double_words(padded), strict=True)):
            self.take_double_word(start + index * DOUBLE_WORD_BYTES, double_word, before)

    def hold(self, address: int, content: bytes) -> None:
        """Let a double word become what was programmed, as far as faults allow."""
        for fault in self.faults:
            content = fault.programmed(address, content)
        self._cpu.program(address, content)


def _double_words(data: bytes) -> list[bytes]:
    return [data[at : at + DOUBLE_WORD_BYTES] for at in range(0, len(data), DOUBLE_WORD_BYTES)]


def _programmed(old: bytes, new: bytes) -> bytes:
    return new if old == ERASED or new == ZEROED else old
