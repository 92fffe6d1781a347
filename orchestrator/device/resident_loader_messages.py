"""Frames of the resident loader: commands to bytes, bytes to replies. Pure; docs/boards.md, boards/loader."""

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

LOADER_VERSION = 1
START_OF_FRAME = 0xB5
REPLY_BIT = 0x80
HEADER = struct.Struct("<BBBH")
CRC = struct.Struct("<I")
MAX_CRCS = 256
FRAME_BYTES = HEADER.size + CRC.size
WRITE_ALIGNMENT = 8
_HELLO = struct.Struct("<5I")


class Command(IntEnum):
    """What the host may ask."""

    HELLO = 1
    SPEED = 2
    BEGIN = 3
    CRCS = 4
    WRITE = 5
    COMMIT = 6
    START = 7


class Status(IntEnum):
    """First byte of every reply."""

    OK = 0
    BAD_FRAME = 1
    BAD_COMMAND = 2
    WRONG_BOARD = 3
    NOT_BEGUN = 4
    OUT_OF_RANGE = 5
    FLASH_FAILED = 6
    CRC_DIFFERS = 7
    NO_APPLICATION = 8


@dataclass(frozen=True)
class LoaderReply:
    """A frame of the loader; `status` is a `Status` where the loader keeps to the protocol."""

    sequence: int
    command: int
    status: int
    data: bytes


@dataclass(frozen=True)
class LoaderIdentity:
    """What HELLO tells: where programs go, and on which board."""

    version: int
    page_bytes: int
    application_start: int
    application_pages: int
    device: str
    board: str


def encode_frame(sequence: int, command: Command, payload: bytes = b"") -> bytes:
    """Give a command as it goes over the line."""
    header = HEADER.pack(START_OF_FRAME, sequence, command, len(payload))
    return header + payload + CRC.pack(zlib.crc32(header[1:] + payload))


def crcs_payload(first_page: int, count: int) -> bytes:
    """Ask for the CRC-32 of `count` pages, at most `MAX_CRCS`."""
    return struct.pack("<2I", first_page, count)


def write_payload(page: int, content: bytes) -> bytes:
    """Give a page its content; 0xFF at its end is left out, because that is what erased flash holds."""
    used = len(content.rstrip(b"\xff"))
    return struct.pack("<2I", page, 0) + content[: used + -used % WRITE_ALIGNMENT]


def commit_payload(pages: int, crc: int) -> bytes:
    """State how many pages the application has, and the CRC-32 of them all."""
    return struct.pack("<2I", pages, crc)


def speed_payload(baud: int) -> bytes:
    """Ask for another speed."""
    return struct.pack("<I", baud)


def parse_identity(data: bytes) -> LoaderIdentity:
    """Read what HELLO tells.

    Raises:
        ValueError: too short, or no text where the board's name should be.
    """
    if len(data) < _HELLO.size:
        raise ValueError(f"at least {_HELLO.size} bytes")
    version, page_bytes, start, pages, id_bytes = _HELLO.unpack_from(data)
    device, board = data[_HELLO.size : _HELLO.size + id_bytes], data[_HELLO.size + id_bytes :]
    return LoaderIdentity(version, page_bytes, start, pages, device.hex(), board.decode("ascii"))


def parse_crcs(data: bytes, count: int) -> tuple[int, ...]:
    """Read the CRC-32 of `count` pages.

    Raises:
        ValueError: another number came.
    """
    if len(data) != 4 * count:
        raise ValueError(f"{count} words")
    return struct.unpack(f"<{count}I", data)


class ReplyFinder:
    """Finds the loader's frames in a stream that may hold anything else before and between them."""

    def __init__(self) -> None:
        self._pending = bytearray()

    @property
    def pending(self) -> bytes:
        """What has come since the last whole frame."""
        return bytes(self._pending)

    def clear(self) -> None:
        """Forget what has come."""
        self._pending.clear()

    def feed(self, data: bytes) -> list[LoaderReply]:
        """Give the frames that `data` completes."""
        self._pending += data
        replies = []
        at = self._pending.find(START_OF_FRAME)
        while at >= 0:
            reply, length = self._frame_at(at)
            if reply is not None:
                replies.append(reply)
                del self._pending[: at + length]
                at = self._pending.find(START_OF_FRAME)
            else:
                at = self._pending.find(START_OF_FRAME, at + 1)
        return replies

    def _frame_at(self, at: int) -> tuple[LoaderReply | None, int]:
        if len(self._pending) < at + FRAME_BYTES:
            return None, 0
        _, sequence, command, length = HEADER.unpack_from(self._pending, at)
        end = at + FRAME_BYTES + length
        if len(self._pending) < end or length == 0 or not command & REPLY_BIT:
            return None, 0
        body = bytes(self._pending[at + HEADER.size : end - CRC.size])
        (crc,) = CRC.unpack_from(self._pending, end - CRC.size)
        if crc != zlib.crc32(bytes(self._pending[at + 1 : at + HEADER.size]) + body):
            return None, 0
        return LoaderReply(sequence, command & ~REPLY_BIT, body[0], body[1:]), FRAME_BYTES + length
