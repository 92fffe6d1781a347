"""Plays the part of the MLPerf Tiny benchmark's official Python runner (mlcommons/tiny, benchmark/runner).

It does what that runner does to a device under test, its weaknesses included: it identifies the device, closes the
port, opens it again for its script, takes the next `m-ready` for the end of the reply whatever came before, and never
gets in step again when there was one too many.
"""

import re
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import serial

REPLY_LIMIT_S = 5.0
INFER_SILENCE_LIMIT_S = 30.0
LOAD_BYTES_PER_COMMAND = 31
IDENTIFY_ATTEMPTS = 3
END_OF_REPLY = "m-ready"


@dataclass(frozen=True)
class Identification:
    """What the runner asks for before it chooses the script; None for what it did not recognise."""

    name: str | None
    model: str | None
    profile: str | None


@dataclass(frozen=True)
class Inference:
    """What the runner reads from the reply to `infer`: the answer, and microseconds of all timed inferences."""

    results: tuple[float, ...]
    elapsed_us: int


class EembcClient:
    """A device under test as the runner sees it; a context manager opens and closes the port, as often as wanted.

    Args:
        resets_on_open: play a kit whose board is reset when the port is opened.
    """

    def __init__(self, url: str, baud: int, resets_on_open: bool = False) -> None:
        self._url = url
        self._baud = baud
        self._resets_on_open = resets_on_open
        self._lines: list[str] = []  # survives closing, as the runner's queue does
        self._pending = ""

    def __enter__(self) -> Self:
        self._port = serial.serial_for_url(self._url, self._baud, timeout=0.01)
        self._pending = ""
        if self._resets_on_open:
            self._port.dtr = False
            self._port.dtr = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._port.close()

    def identify(self, settle_s: float = 0.2) -> Identification:
        """Ask for name, model and profile; the runner waits 2 s before that."""
        time.sleep(settle_s)
        name = self._asked("name", r"^m-name-dut-\[([^]]+)]$")
        model = self._asked("profile", r"^m-model-\[([^]]+)]$")
        profile = self._asked("profile", r"^m-profile-\[([^]]+)]$")
        return Identification(name, model, profile)

    def timestamp_us(self) -> int:
        """Ask for the device's time."""
        lines = self.command("timestamp")
        return int(next(match[1] for line in lines if (match := re.match(r"^m-lap-us-([0-9]+)$", line))))

    def load(self, data: bytes) -> list[str]:
        """Send a sample; give the reply to its last piece."""
        lines = self.command(f"db load {len(data)}")
        for start in range(0, len(data), LOAD_BYTES_PER_COMMAND):
            lines = self.command(f"db {data[start : start + LOAD_BYTES_PER_COMMAND].hex()}")
        return lines

    def infer(self, iterations: int, warmups: int) -> Inference:
        """Run the network; the runner always names the warm-ups, because the device's default is 10."""
        lines = self.command(f"infer {iterations} {warmups}", INFER_SILENCE_LIMIT_S)
        laps_us = [int(match[1]) for line in lines if (match := re.match(r"^m-lap-us-([0-9]+)$", line))]
        results = [match[1] for line in lines if (match := re.match(r"^m-results-\[([^]]+)\]$", line))]
        if len(laps_us) != 2 or len(results) != 1:
            raise RuntimeError(f"the reply to infer has no results: {lines}")
        return Inference(tuple(float(value) for value in results[0].split(",")), laps_us[1] - laps_us[0])

    def command(self, words: str, silence_limit_s: float = REPLY_LIMIT_S) -> list[str]:
        """Send a command and give all lines up to the next one that holds `m-ready`."""
        self._port.write(f"{words}%".encode())
        lines = [self._line(words, silence_limit_s)]
        while END_OF_REPLY not in lines[-1]:
            lines.append(self._line(words, silence_limit_s))
        return lines

    def _asked(self, words: str, pattern: str) -> str | None:
        for _ in range(IDENTIFY_ATTEMPTS):
            for line in self.command(words):
                if match := re.match(pattern, line):
                    return match[1]
        return None

    def _line(self, words: str, limit_s: float) -> str:
        deadline = time.monotonic() + limit_s
        while not self._lines:
            if time.monotonic() > deadline:
                raise RuntimeError(f"no response to command {words} within {limit_s} s")
            received = self._port.read(max(1, self._port.in_waiting)).decode("ascii")
            *complete, self._pending = (self._pending + received).split("\n")
            self._lines += [line.strip("\r\0") for line in complete]
        return self._lines.pop(0)
