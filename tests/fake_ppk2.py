"""A Power Profiler Kit II that behaves, on a socket: commands, calibration, 100,000 samples a second in host time.

What it measures is played from a trace: an .npz file with `current_a` and `trigger` (0 or 1), a sample every 10 us,
after whose end the last sample stays. It can be told to be mute, to lose samples, to damage counters.
It lives with the tests because energy that was played must never look like energy that was measured.
"""

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

SAMPLE_S = 10e-6
STEP_V = 1.8 / 163840
FULL_SCALE_V = 0.6

Samples = tuple[NDArray[np.float64], NDArray[np.uint32]]
Source = Callable[[int], Samples]
"""Gives current in amperes and the trigger pin of the next so many samples, or of as many as there are by now."""

R = np.array([1003.35, 101.59, 10.3, 0.964, 0.0564])
GS = np.array([0.9, 1.0, 1.1, 0.95, 0.02])
GI = np.array([1.0, 0.98, 0.99, 0.97, 0.96])
OFFSET = np.array([112.79, 80.0, 60.5, 54.2, 32.1])
S = np.array([2.6e-8, 7e-8, 1e-7, 4e-7, 1e-6])
CONSTANT = np.array([-2e-8, 3e-9, 1e-7, 2e-7, 3e-6])
UG = np.array([1.0, 1.0, 1.0, 1.0, 1.01])


def metadata() -> bytes:
    """The answer to GET_META_DATA."""
    rows = {"R": R, "GS": GS, "GI": GI, "O": OFFSET, "S": S, "I": CONSTANT, "UG": UG}
    lines = ["Calibrated: 1"]
    lines += [f"{name}{index}: {value:.12g}" for name, values in rows.items() for index, value in enumerate(values)]
    return "\n".join([*lines, "VDD: 3000", "HW: 9173", "mode: 2", "IA: 56", "END\n"]).encode()


def encode(current_a: NDArray[np.float64], trigger: NDArray[np.uint32], counter: int, voltage_v: float) -> bytes:
    """Give the words of samples, each in the finest range that it fits; the inverse of the driver's formula."""
    finest = sum((current_a * r > FULL_SCALE_V).astype(int) for r in R[:-1])
    k = np.minimum(finest, len(R) - 1)
    rest = current_a / UG[k] - (S[k] * voltage_v + CONSTANT[k])
    raw_a = (-GI[k] + np.sqrt(GI[k] ** 2 + 4 * GS[k] * rest)) / (2 * GS[k])
    code = np.clip(np.round((raw_a * R[k] / STEP_V + OFFSET[k]) / 4), 0, (1 << 14) - 1).astype(np.uint32)
    count = (counter + np.arange(len(code), dtype=np.uint32)) % 64
    words = code | k.astype(np.uint32) << 14 | count << 18 | trigger.astype(np.uint32) << 24
    return words.astype("<u4").tobytes()


class PlayedTrace:
    """Plays an .npz trace once, from the first start of a recording on; then its last sample stays."""

    def __init__(self, path: Path) -> None:
        trace = np.load(path)
        self._current_a, self._trigger = trace["current_a"], trace["trigger"].astype(np.uint32)
        self._at = 0

    def __call__(self, count: int) -> Samples:
        index = np.minimum(np.arange(self._at, self._at + count), len(self._current_a) - 1)
        self._at += count
        return self._current_a[index], self._trigger[index]


class FollowedBoard:
    """Follows a virtual board by its trigger log: between two edges as many samples as pass in the board's own time."""

    def __init__(self, trigger_log: Path, idle_a: float, active_a: float) -> None:
        self._log = trigger_log
        self._idle_a, self._active_a = idle_a, active_a
        self._edges_seen = 0

    def __call__(self, count: int) -> Samples:
        edges = [line.split() for line in self._log.read_text().splitlines()] if self._log.exists() else []
        new = edges[self._edges_seen :]
        if not new:
            return np.full(count, self._idle_a), np.zeros(count, np.uint32)
        if len(new) == 1:
            return np.empty(0), np.empty(0, np.uint32)  # the row is under way: its length is not known yet
        (rise_s, _), (fall_s, _) = new[:2]
        self._edges_seen += 2
        count = round((float(fall_s) - float(rise_s)) / SAMPLE_S)
        return np.full(count, self._active_a), np.ones(count, np.uint32)


class FakePpk2:
    """Serves one client after the other; `url` is its port.

    Attributes:
        commands: all that was received.
        is_mute: nothing is answered.
        loses: so many samples are lost once, 10 ms into a recording or later.
        damaged_counters: samples whose counter is wrong.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.commands: list[bytes] = []
        self.is_mute = False
        self.loses = 0
        self.damaged_counters: tuple[int, ...] = ()
        self.is_streaming = False
        self.voltage_v = 0.0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._is_ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_ended.set()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        self._listener.settimeout(0.05)
        while not self._is_ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(0.002)
                self._serve_client(connection)

    def _serve_client(self, connection: socket.socket) -> None:
        self._begin()
        while not self._is_ended.is_set():
            try:
                received = connection.recv(64)
                if not received:
                    return
                self._obey(received, connection)
            except TimeoutError:
                pass
            except OSError:
                return
            if self.is_streaming and not self.is_mute:
                try:
                    connection.settimeout(1.0)
                    connection.sendall(self._due())
                    connection.settimeout(0.002)
                except OSError:
                    return

    def _obey(self, received: bytes, connection: socket.socket) -> None:
        while received:
            length = {0x0C: 2, 0x0D: 3, 0x11: 2}.get(received[0], 1)
            command, received = received[:length], received[length:]
            self.commands.append(command)
            if command[0] == 0x06:
                self.is_streaming = True
                self._begin()
            elif command[0] == 0x07:
                self.is_streaming = False
            elif command[0] == 0x0D:
                self.voltage_v = int.from_bytes(command[1:], "big") / 1e3
            elif command[0] == 0x19 and not self.is_mute:
                connection.sendall(metadata())

    def _begin(self) -> None:
        self._began, self._paced, self._sample, self._counter = time.monotonic(), 0, 0, 17

    def _due(self) -> bytes:
        count = int((time.monotonic() - self._began) / SAMPLE_S) - self._paced
        self._paced += count
        current_a, trigger = self.source(count)
        words = bytearray(encode(current_a, trigger, self._counter, self.voltage_v))
        first, end = self._sample, self._sample + len(current_a)
        self._sample, self._counter = end, (self._counter + len(current_a)) % 64
        for damaged in self.damaged_counters:
            if first <= damaged < end:
                words[4 * (damaged - first) + 2] ^= 0b0101_0000
        if first >= 1000 and end - first > self.loses:
            del words[: 4 * self.loses]
            self.loses = 0
        return bytes(words)
