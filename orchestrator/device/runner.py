"""A session with our firmware: ask, wait for `m-ready`, understand. docs/protocol.md."""

import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from orchestrator.device.deadline import Deadline
from orchestrator.device.exchange import allowed_s, shortened, silent, unexpected
from orchestrator.device.link import Link
from orchestrator.device.messages import (
    ERROR_PREFIX,
    FAULT_PREFIX,
    INFER_LINES,
    LAP_PREFIX,
    LOAD_BYTES_PER_COMMAND,
    MOST_SETTINGS,
    READY,
    Identity,
    LineSplitter,
    MalformedReplyError,
    MemoryReport,
    crc_of_exchange,
    encode_command,
    load_commands,
    parse_bytes,
    parse_cycles,
    parse_identity,
    parse_memory,
    parse_row_s,
    parse_settings,
)
from orchestrator.domain.errors import (
    DeviceFaultError,
    DeviceRefusedError,
    DeviceSilentError,
    UnexpectedReplyError,
)
from orchestrator.domain.measurement import MemorySetting

T = TypeVar("T")

# Until the firmware is asked again whether it is there: it starts within milliseconds, but what was sent before
# that is lost.
_SYNC_INTERVAL_S = 0.3
_LINE_CHARACTERS = 128  # no line is longer, except those of `output%` and `infer%`
_RESULT_CHARACTERS = 18  # sign, ten digits, six decimals, comma


@dataclass(frozen=True)
class TimedRow:
    """How long a row of inferences took by the board's clock and by the host's, seen through the line."""

    device_s: float
    host_s: float


class Runner:
    """Commands of the firmware, one method each.

    Every method raises `DeviceSilentError`, `UnexpectedReplyError`, `DeviceRefusedError` for an error line, or
    `DeviceFaultError` when the CPU faulted.

    Args:
        inference_s: the longest that one inference may take.
        load_bytes: the most that one command may load into an input.
        clock: what rows of inferences are timed by, in seconds.
    """

    def __init__(
        self,
        link: Link,
        inference_s: float,
        load_bytes: int = LOAD_BYTES_PER_COMMAND,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._link = link
        self._inference_s = inference_s
        self._load_bytes = load_bytes
        self._clock = clock
        self._splitter = LineSplitter()
        self._lines: list[str] = []
        self._syncs = 0

    def synchronise(self, limit_s: float) -> None:
        """Get in step, whatever was on the line before.

        An unknown command comes back in its error line. With a number that was not used yet, all before that line
        is known to be stale: boot banners, echoes, replies to an earlier session.
        """
        limit = Deadline(limit_s)
        wait_s = _SYNC_INTERVAL_S
        while not limit.expired:
            self._syncs += 1
            word = f"sync-{self._syncs}"
            self._link.write(b"%" + encode_command(word))  # the first % ends what may have been begun
            if self._skip_past(f"{ERROR_PREFIX}Unknown command: {word}]", Deadline(wait_s)):
                return
            wait_s *= 2.0  # answers that come late must not fall behind the questions for ever
        raise silent(self._link, "'sync%'", limit, self._splitter.pending)

    def identity(self) -> Identity:
        """Ask who answers."""
        return self.ask("identity", parse_identity, lines=5)

    def load_input(self, index: int, data: bytes) -> None:
        """Fill input `index`, unless it holds `data` already; checked by its CRC-32."""
        self.ask(f"input {index}", _nothing, lines=0)
        if self._input_crc() == zlib.crc32(data):
            return
        for command in load_commands(data, self._load_bytes):
            self._exchange(command, lines=1)  # what arrives is checked as a whole
        crc = self._input_crc()
        if crc != zlib.crc32(data):
            raise unexpected(self._link, f"loading input {index}", f"CRC {crc:08x}", f"{zlib.crc32(data):08x}")

    def run(self) -> int:
        """Run the network once on the loaded inputs, from its initial state; give its cycles."""
        return self.ask("run", lambda lines: parse_cycles(lines, "cycles", 1)[0], lines=1)

    def step(self) -> int:
        """The same from the state that the run before has left."""
        return self.ask("step", lambda lines: parse_cycles(lines, "cycles", 1)[0], lines=1)

    def output(self, index: int, size_bytes: int) -> bytes:
        """Give the stored bytes of an output of the last inference."""
        data = self.ask(
            f"output {index}", lambda lines: _only(lines, "output"), lines=1, line_characters=2 * size_bytes
        )
        if len(data) != size_bytes:
            raise unexpected(self._link, f"'output {index}%'", f"{len(data)} bytes", f"{size_bytes}")
        return data

    def bench(self, repeats: int, warmups: int) -> tuple[int, ...]:
        """Give the cycles of `repeats` inferences, after `warmups` that do not count."""
        return self.ask(
            f"bench {repeats} {warmups}",
            lambda lines: parse_cycles(lines[warmups:], "cycles", repeats),
            lines=warmups + repeats,
        )

    def infer(self, runs: int, warmups: int, result_count: int) -> TimedRow:
        """Run the network `runs` times in a row on the loaded inputs, the trigger pin high, after `warmups`.

        Args:
            result_count: values of output 0.
        """
        laps_at: list[float] = []

        def note_lap(line: str) -> None:
            if line.startswith(LAP_PREFIX):
                laps_at.append(self._clock())

        device_s = self.ask(
            f"infer {runs} {warmups}",
            parse_row_s,
            lines=INFER_LINES,
            line_characters=_LINE_CHARACTERS + _RESULT_CHARACTERS * result_count,
            inferences=max(runs, warmups),
            on_line=note_lap,
        )
        return TimedRow(device_s, laps_at[1] - laps_at[0])

    def layers(self, count: int) -> tuple[int, ...]:
        """Give the cycles of each of the `count` layers in one inference."""
        return self.ask("layers", lambda lines: parse_cycles(lines, "layer", count), lines=count)

    def memory(self) -> MemoryReport:
        """Give what the last `run` or `bench` took of the stack."""
        return self.ask("memory", parse_memory, lines=3)

    def settings(self) -> tuple[MemorySetting, ...]:
        """Ask how the chip reads its memories."""
        return self.ask("settings", parse_settings, lines=MOST_SETTINGS)

    def _input_crc(self) -> int:
        return self._parsed("crc", _parse_crc, self._exchange("crc", lines=1))

    def ask(
        self,
        words: str,
        parse: Callable[[Sequence[str]], T],
        *,
        lines: int,
        line_characters: int = _LINE_CHARACTERS,
        inferences: int = 1,
        on_line: Callable[[str], None] = lambda line: None,
    ) -> T:
        """Send a command and parse the at most `lines` lines before `m-ready`, once both ends agree on every byte.

        Args:
            inferences: how many there may be between two lines.
            on_line: told of each line as it comes, before it is checked.
        """
        reply = self._exchange(
            words, lines=lines, line_characters=line_characters, inferences=inferences, on_line=on_line
        )
        wanted = crc_of_exchange(words, reply)
        crc = self._parsed("check", _parse_check, self._exchange("check", lines=1))
        if crc != wanted:
            raise unexpected(
                self._link, shortened(words), "\n".join(reply), f"what was sent (CRC {crc:08x}, not {wanted:08x})"
            )
        return self._parsed(words, parse, reply)

    def _exchange(
        self,
        words: str,
        *,
        lines: int,
        line_characters: int = _LINE_CHARACTERS,
        inferences: int = 1,
        on_line: Callable[[str], None] = lambda line: None,
    ) -> list[str]:
        """Send a command and give the at most `lines` lines before `m-ready`."""
        command = encode_command(words)
        self._link.write(command)
        allowed = allowed_s(self._link, len(command) + line_characters, inferences * self._inference_s)
        reply: list[str] = []
        while (line := self._next_line(shortened(words), Deadline(allowed))) != READY:
            self._raise_if_error(words, line)
            on_line(line)
            reply.append(line)
            if len(reply) > lines:
                raise unexpected(self._link, shortened(words), "\n".join(reply), f"{lines} lines and {READY}")
        return reply

    def _parsed(self, words: str, parse: Callable[[Sequence[str]], T], reply: Sequence[str]) -> T:
        try:
            return parse(reply)
        except (MalformedReplyError, TypeError, ValueError) as error:
            raise unexpected(self._link, shortened(words), "\n".join(reply), str(error)) from error

    def _raise_if_error(self, words: str, line: str) -> None:
        if line.startswith(FAULT_PREFIX):
            raise DeviceFaultError(f"{self._link.name}: the CPU faulted during {shortened(words)}: {line}")
        if line.startswith(ERROR_PREFIX):
            raise DeviceRefusedError(f"{self._link.name}: the firmware refused {shortened(words)}: {line}")

    def _next_line(self, attempted: str, deadline: Deadline) -> str:
        while not self._lines:
            self._lines = self._splitter.feed(self._link.read(4096, deadline))
            if self._lines or not deadline.expired:
                continue
            if self._splitter.pending:
                raise unexpected(self._link, attempted, self._splitter.pending, "a whole line")
            raise silent(self._link, attempted, deadline, b"")
        return self._lines.pop(0)

    def _skip_past(self, wanted: str, deadline: Deadline) -> bool:
        """Throw lines away up to `wanted` and the `m-ready` behind it; False when they do not come."""
        found = False
        while not deadline.expired:
            try:
                line = self._next_line(wanted, deadline)
            except (DeviceSilentError, UnexpectedReplyError):
                return False
            if found and line == READY:
                return True
            found = found or line.endswith(wanted)
        return False


def _nothing(lines: Sequence[str]) -> None:
    if lines:
        raise MalformedReplyError(READY)


def _parse_crc(lines: Sequence[str]) -> int:
    return int.from_bytes(_only(lines, "crc"), "big")


def _parse_check(lines: Sequence[str]) -> int:
    return int.from_bytes(_only(lines, "check"), "big")


def _only(lines: Sequence[str], key: str) -> bytes:
    if len(lines) != 1:
        raise MalformedReplyError(f"one line m-{key}-[...]")
    return parse_bytes(lines[0], key)
