"""The firmware's protocol as text: commands to bytes, bytes to lines, lines to values. Pure; docs/protocol.md."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.domain.measurement import MemorySetting

PROTOCOL_VERSION = 1
READY = "m-ready"
FAULT_PREFIX = "e-[fault"
ERROR_PREFIX = "e-["
LAP_PREFIX = "m-lap-us-"
INFER_LINES = 7
MOST_SETTINGS = 32
LOAD_BYTES_PER_COMMAND = 128

_SETTING = re.compile(r"m-(?P<name>[a-z]+(?:-[a-z]+)*)-\[(?P<value>[0-9]+)\]")


class MalformedReplyError(ValueError):
    """A reply that the protocol does not allow; the session adds port and command."""


@dataclass(frozen=True)
class Identity:
    """Who answers: `device` is the unique id of the chip, in hex."""

    protocol: int
    board: str
    model_hash: str
    clock_hz: int
    device: str


@dataclass(frozen=True)
class MemoryReport:
    """`stack_bytes` is the high-water mark of the last `run` or `bench`, 0 before the first."""

    stack_bytes: int
    stack_reserved_bytes: int
    spare_bytes: int


class LineSplitter:
    """Cuts a stream of bytes into lines."""

    def __init__(self) -> None:
        self._pending = bytearray()

    @property
    def pending(self) -> bytes:
        """What has come of the line that is not complete yet."""
        return bytes(self._pending)

    def feed(self, data: bytes) -> list[str]:
        """Give the lines that `data` completes, without their ends; bytes beyond ASCII appear escaped."""
        self._pending += data
        *lines, rest = bytes(self._pending).split(b"\n")
        self._pending = bytearray(rest)
        return [line.decode("ascii", "backslashreplace").rstrip("\r") for line in lines]


def encode_command(words: str) -> bytes:
    """Give a command as it goes over the line."""
    return f"{words}%".encode("ascii")


def crc_of_exchange(words: str, reply: Sequence[str]) -> int:
    """Give the CRC-32 that `check%` must report of a command and its whole reply."""
    return zlib.crc32((words + "".join(f"{line}\n" for line in (*reply, READY))).encode("ascii"))


def load_commands(data: bytes, bytes_per_command: int = LOAD_BYTES_PER_COMMAND) -> list[str]:
    """Give the commands that load an input, at most `bytes_per_command` of it each."""
    starts = range(0, len(data), bytes_per_command)
    chunks = (data[start : start + bytes_per_command] for start in starts)
    return [f"db load {len(data)}", *(f"db {chunk.hex()}" for chunk in chunks)]


def parse_value(line: str, key: str) -> str:
    """Give `value` of the line `m-<key>-[value]`."""
    prefix = f"m-{key}-["
    if not (line.startswith(prefix) and line.endswith("]")):
        raise MalformedReplyError(f"{prefix}...]")
    return line[len(prefix) : -1]


def parse_number(line: str, key: str) -> int:
    """Give `n` of the line `m-<key>-[n]`."""
    text = parse_value(line, key)
    if not (text.isascii() and text.isdecimal()):
        raise MalformedReplyError(f"m-{key}-[a number]")
    return int(text)


def parse_bytes(line: str, key: str) -> bytes:
    """Give the bytes of the line `m-<key>-[hex digits]`."""
    try:
        return bytes.fromhex(parse_value(line, key))
    except ValueError as error:
        raise MalformedReplyError(f"m-{key}-[hex digits]") from error


def parse_identity(lines: Sequence[str]) -> Identity:
    """Read the reply to `identity%`."""
    protocol, board, model_hash, clock_hz, device = _of_length(lines, 5)
    return Identity(
        protocol=parse_number(protocol, "protocol"),
        board=parse_value(board, "board"),
        model_hash=parse_value(model_hash, "model-hash"),
        clock_hz=parse_number(clock_hz, "clock-hz"),
        device=parse_value(device, "device"),
    )


def parse_memory(lines: Sequence[str]) -> MemoryReport:
    """Read the reply to `memory%`."""
    stack, reserved, spare = _of_length(lines, 3)
    return MemoryReport(
        stack_bytes=parse_number(stack, "stack"),
        stack_reserved_bytes=parse_number(reserved, "stack-reserved"),
        spare_bytes=parse_number(spare, "spare"),
    )


def parse_cycles(lines: Sequence[str], key: str, count: int) -> tuple[int, ...]:
    """Read `count` lines of cycles."""
    return tuple(parse_number(line, key) for line in _of_length(lines, count))


def parse_settings(lines: Sequence[str]) -> tuple[MemorySetting, ...]:
    """Read the reply to `settings%`, a line `m-<name>-[n]` for each that the chip has."""
    matches = [_SETTING.fullmatch(line) for line in lines]
    if not all(matches):
        raise MalformedReplyError("lines m-<name>-[a number]")
    return tuple(MemorySetting(match["name"], int(match["value"])) for match in matches if match)


def parse_row_s(lines: Sequence[str]) -> float:
    """Read the reply to `infer`: seconds of the board's time from the first run to the last."""
    laps = [line.removeprefix(LAP_PREFIX) for line in _of_length(lines, INFER_LINES) if line.startswith(LAP_PREFIX)]
    if len(laps) != 2 or not all(lap.isascii() and lap.isdecimal() for lap in laps):
        raise MalformedReplyError(f"two lines {LAP_PREFIX}<a number>")
    begun_us, ended_us = map(int, laps)
    return (ended_us - begun_us) % 2**32 / 1e6


def _of_length(lines: Sequence[str], count: int) -> Sequence[str]:
    if len(lines) != count:
        raise MalformedReplyError(f"{count} lines, not {len(lines)}")
    return lines
