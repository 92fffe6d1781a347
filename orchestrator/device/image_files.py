"""An image as the files that flashing programs read: ELF, Intel HEX, raw binary.

Made from the segments, because hosts of boards have no compiler, hence no objcopy; Intel HEX is too little of a format
to depend on a library for it.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from orchestrator.device.blocks import pages_of
from orchestrator.domain.board_type import BoardType, MemoryKind
from orchestrator.domain.model import FirmwareImage, Segment

_RECORD_BYTES = 16
_BANK_BYTES = 1 << 16
_DATA, _END, _UPPER_ADDRESS = 0, 1, 4  # Intel, "Hexadecimal Object File Format Specification", 1988

# What boards/loader/validity.c takes for the record of a whole application.
_RECORD = struct.Struct("<3I")
_RECORD_MAGIC = 0x6B4F744D


def as_binary(segments: Sequence[Segment], start: int) -> bytes:
    """Give the bytes from the address `start` on; gaps are filled as erased."""
    content = bytearray()
    for segment in sorted(segments, key=lambda segment: segment.address):
        content += b"\xff" * (segment.address - start - len(content)) + segment.data
    return bytes(content)


def as_intel_hex(segments: Sequence[Segment]) -> str:
    """Give the segments as records of 16 bytes, each with its checksum, with 32-bit addresses."""
    lines: list[str] = []
    bank = 0
    for address, data in _records(segments):
        if address // _BANK_BYTES != bank:
            bank = address // _BANK_BYTES
            lines.append(_line(0, _UPPER_ADDRESS, bank.to_bytes(2, "big")))
        lines.append(_line(address % _BANK_BYTES, _DATA, data))
    return "\n".join([*lines, _line(0, _END, b""), ""])


def _records(segments: Sequence[Segment]) -> Iterator[tuple[int, bytes]]:
    """Give pieces that do not cross a multiple of 16, hence no bank."""
    for segment in segments:
        at = 0
        while at < len(segment.data):
            address = segment.address + at
            count = _RECORD_BYTES - address % _RECORD_BYTES
            yield address, segment.data[at : at + count]
            at += count


def _line(offset: int, kind: int, data: bytes) -> str:
    body = bytes([len(data), offset >> 8, offset & 0xFF, kind]) + data
    return f":{(body + bytes([-sum(body) & 0xFF])).hex().upper()}"


def programmed_segments(image: FirmwareImage, board: BoardType) -> tuple[Segment, ...]:
    """Give what a probe has to program: the image and, behind a resident loader, the record that lets it start.

    The same image runs whichever way it was flashed; the loader must be there already.
    """
    if board.application_offset_bytes == 0:
        return image.segments
    start, page_bytes = board.application_flash.origin, board.flash.page_bytes
    content = as_binary(image.segments, start)
    content += b"\xff" * (-len(content) % page_bytes)
    words = _RECORD.pack(_RECORD_MAGIC, len(content) // page_bytes, zlib.crc32(content))
    record = Segment(start - page_bytes, words + struct.pack("<I", zlib.crc32(words)))
    return (record, *image.segments)


def write_files(image: FirmwareImage, board: BoardType, folder: Path) -> dict[str, str]:
    """Write `image` in every format into `folder`; give the path of each, and the address at which `bin` begins.

    The ELF file is the image alone; HEX and binary hold the record of the resident loader as well. The binary begins
    where a sector does, because some programs write whole sectors only.
    """
    segments = programmed_segments(image, board)
    first_sector = pages_of(segments, board)[0]
    address = board.memory(MemoryKind.FLASH).origin + board.sector_starts[first_sector]
    contents = {"elf": image.elf, "hex": as_intel_hex(segments).encode("ascii"), "bin": as_binary(segments, address)}
    for kind, content in contents.items():
        (folder / f"image.{kind}").write_bytes(content)
    return {kind: str(folder / f"image.{kind}") for kind in contents} | {"address": f"{address:#010x}"}
