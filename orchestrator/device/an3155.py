"""The USART protocol of the STM32 ROM bootloader; section numbers are those of AN3155."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import reduce
from operator import xor

from orchestrator.device.deadline import Deadline
from orchestrator.device.exchange import allowed_s, drain, read_exactly, silent, unexpected
from orchestrator.device.link import Link
from orchestrator.domain.errors import DeviceRefusedError

SYNC = b"\x7f"  # section 2.1: the byte that the baud rate is found from
ACK = b"\x79"  # section 3
NACK = b"\x1f"  # section 3
BLOCK_BYTES = 256  # sections 3.4 and 3.6: the most that one read or write moves
WRITE_ALIGNMENT = 8  # section 3.6 with RM0351 section 3.3.7: flash is programmed by double words
MOST_PAGES_AT_ONCE = 64  # of one erasure, so that no single deadline gets long; the note allows 255 of plain ERASE

# DS10198, table "Flash memory characteristics", worst case.
PAGE_ERASE_S = 0.0245
DOUBLE_WORD_PROGRAM_S = 0.0000908
# DS10693, table "Flash memory programming": 100 us at most, whether it is a byte or a word. No family is slower.
_BLOCK_PROGRAM_S = BLOCK_BYTES * 100e-6
# Erasing and programming option bytes: as long as a page in DS10198, a sector's 2 s in DS10693.
_OPTIONS_PROGRAM_S = 2.0

# How long the first byte may stay without an answer until it is sent again; the bootloader starts within some
# milliseconds (AN2606, section "Bootloader timing"), the answer may have to cross a network.
_SYNC_INTERVAL_S = 0.25
# Longer than any gap within what the firmware may still be sending.
_QUIET_S = 0.02


class Command(IntEnum):
    """Command codes (section 3, table 2)."""

    GET = 0x00
    GET_ID = 0x02
    READ_MEMORY = 0x11
    GO = 0x21
    WRITE_MEMORY = 0x31
    ERASE = 0x43
    EXTENDED_ERASE = 0x44
    WRITE_UNPROTECT = 0x73


@dataclass(frozen=True)
class BootloaderInfo:
    """What GET tells: `version` is 0x31 for 3.1, `commands` the codes it knows."""

    version: int
    commands: frozenset[int]


def with_checksum(data: bytes) -> bytes:
    """Append the XOR of all bytes (section 3)."""
    return data + bytes([reduce(xor, data)])


def with_complement(byte: int) -> bytes:
    """Append the complement: the checksum of a single byte (section 3)."""
    return bytes([byte, byte ^ 0xFF])


def address_frame(address: int) -> bytes:
    """Give an address as the bootloader wants it: most significant byte first, then the checksum."""
    return with_checksum(address.to_bytes(4, "big"))


def erase_frame(pages: Sequence[int]) -> bytes:
    """Give the list of pages for EXTENDED_ERASE: count - 1, page numbers, checksum (section 3.8)."""
    numbers = b"".join(page.to_bytes(2, "big") for page in pages)
    return with_checksum((len(pages) - 1).to_bytes(2, "big") + numbers)


def plain_erase_frame(pages: Sequence[int]) -> bytes:
    """Give the list of pages for ERASE, which older bootloaders have: count - 1, page numbers, checksum (section 3.7).

    Raises:
        ValueError: a page beyond 255, which this command cannot name.
    """
    if max(pages) > 255:
        raise ValueError(f"must be pages 0 to 255, but got {max(pages)}")
    return with_checksum(bytes([len(pages) - 1, *pages]))


def write_frame(data: bytes) -> bytes:
    """Give the data of WRITE_MEMORY: count - 1, the bytes, checksum (section 3.6)."""
    if not 0 < len(data) <= BLOCK_BYTES or len(data) % WRITE_ALIGNMENT:
        raise ValueError(f"must be 8 to 256 bytes in steps of 8, but got {len(data)}")
    return with_checksum(bytes([len(data) - 1]) + data)


class Bootloader:
    """A session with the ROM bootloader.

    Every method raises `DeviceSilentError`, `UnexpectedReplyError` or, for a NACK, `DeviceRefusedError`.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._has_extended_erase = True

    def synchronise(self, limit_s: float) -> None:
        """Let the bootloader find the baud rate, within `limit_s`."""
        drain(self._link, _QUIET_S)  # leftovers of the firmware may hold an ACK byte: the `y` of `m-ready`
        limit = Deadline(limit_s)
        while not limit.expired:
            self._link.write(SYNC)
            reply = self._link.read(1, Deadline(_SYNC_INTERVAL_S))
            if reply in (ACK, NACK):  # NACK: already in step, so that this was half a command
                return
        raise silent(self._link, "the bootloader's start byte", limit, b"")

    def get(self) -> BootloaderInfo:
        """Ask for version and commands (section 3.1)."""
        data = self._ask_variable(Command.GET)
        return BootloaderInfo(version=data[0], commands=frozenset(data[1:]))

    def learn_commands(self) -> None:
        """Find out which of the two commands that erase there is: never both (sections 3.7 and 3.8)."""
        self._has_extended_erase = Command.EXTENDED_ERASE in self.get().commands

    def get_id(self) -> int:
        """Ask for the product id of the chip (section 3.3)."""
        return int.from_bytes(self._ask_variable(Command.GET_ID), "big")

    def read(self, address: int, count: int) -> bytes:
        """Read 1 to 256 bytes (section 3.4)."""
        attempted = f"reading {count} bytes at {address:#x}"
        self._command(Command.READ_MEMORY, attempted)
        self._send(address_frame(address), attempted)
        self._send(with_complement(count - 1), attempted)
        return read_exactly(self._link, count, self._deadline(count), attempted)

    def write(self, address: int, data: bytes) -> None:
        """Write 8 to 256 bytes, a multiple of 8, to erased flash (section 3.6)."""
        attempted = f"writing {len(data)} bytes at {address:#x}"
        frame = write_frame(data)
        self._command(Command.WRITE_MEMORY, attempted)
        self._send(address_frame(address), attempted)
        self._send(frame, attempted, work_s=_BLOCK_PROGRAM_S)

    def erase(self, pages: Sequence[int], erase_s: float = PAGE_ERASE_S) -> None:
        """Erase pages, or sectors, of flash by number, each of which takes `erase_s` at most."""
        for start in range(0, len(pages), MOST_PAGES_AT_ONCE):
            self._erase_some(pages[start : start + MOST_PAGES_AT_ONCE], erase_s)

    def _erase_some(self, pages: Sequence[int], erase_s: float) -> None:
        attempted = f"erasing {len(pages)} pages from page {pages[0]}"
        command, frame_of = (
            (Command.EXTENDED_ERASE, erase_frame) if self._has_extended_erase else (Command.ERASE, plain_erase_frame)
        )
        self._command(command, attempted)
        self._send(frame_of(pages), attempted, work_s=len(pages) * erase_s)

    def remove_write_protection(self) -> None:
        """Let all of the flash be written; then the chip resets itself (section 3.10)."""
        attempted = "removing the write protection"
        self._command(Command.WRITE_UNPROTECT, attempted)
        self._await_ack(self._deadline(1, _OPTIONS_PROGRAM_S), attempted)

    def go(self, address: int) -> None:
        """Start the program whose vector table lies at `address` (section 3.5)."""
        attempted = f"starting the program at {address:#x}"
        self._command(Command.GO, attempted)
        self._send(address_frame(address), attempted)

    def _ask_variable(self, command: Command) -> bytes:
        """Give a reply that starts with its length - 1 and ends with an ACK."""
        attempted = f"the command {command.name}"
        self._command(command, attempted)
        count = read_exactly(self._link, 1, self._deadline(1), attempted)[0] + 1
        data = read_exactly(self._link, count, self._deadline(count), attempted)
        self._await_ack(self._deadline(1), attempted)
        return data

    def _command(self, command: Command, attempted: str) -> None:
        self._send(with_complement(command), attempted)

    def _send(self, frame: bytes, attempted: str, work_s: float = 0.0) -> None:
        self._link.write(frame)
        self._await_ack(self._deadline(len(frame), work_s), attempted)

    def _await_ack(self, deadline: Deadline, attempted: str) -> None:
        reply = read_exactly(self._link, 1, deadline, attempted)
        if reply == NACK:
            raise DeviceRefusedError(
                f"{self._link.name}: the bootloader refused {attempted} (NACK); is the chip read-protected?"
            )
        if reply != ACK:
            raise unexpected(self._link, attempted, reply, f"ACK {ACK!r}")

    def _deadline(self, byte_count: int, work_s: float = 0.0) -> Deadline:
        return Deadline(allowed_s(self._link, byte_count + 1, work_s))
