"""Driver of Nordic's Power Profiler Kit II: 100,000 samples of current a second, with eight logic inputs.

Our own, because the client on PyPI, `ppk2-api`, is under the GPL, takes local ports only, swallows errors, and does
not look at the counter that tells of lost samples; its bytes go through Python one sample at a time.
"""

import threading
import time
from enum import IntEnum
from types import TracebackType
from typing import Self

import serial

from orchestrator.device.deadline import Deadline
from orchestrator.device.energy_meter import CurrentTrace
from orchestrator.device.ppk2_samples import (
    METADATA_END,
    SAMPLE_BYTES,
    SAMPLE_S,
    Calibration,
    decode_samples,
    lost_samples,
    parse_metadata,
)
from orchestrator.domain.errors import InputError, MeterError, PortMissingError
from orchestrator.domain.meter import MeterSetup

LOWEST_V, HIGHEST_V = 0.8, 5.0

_BAUD = 115200  # of no meaning on USB
_POLL_S = 0.02  # at most, for a chunk to fill
_CHUNK_BYTES = 4096  # 10 ms of samples
_QUIET_S = 0.1
_ANSWER_LIMIT_S = 2.0

# Until what the meter saw when `stop` was called has come over USB.
_UNDER_WAY_S = 0.05


class Command(IntEnum):
    """First bytes of commands; arguments follow."""

    AVERAGE_START = 0x06
    AVERAGE_STOP = 0x07
    DEVICE_RUNNING_SET = 0x0C
    REGULATOR_SET = 0x0D
    SET_POWER_MODE = 0x11
    GET_META_DATA = 0x19


_AMMETER, _SOURCE = 1, 2


class Ppk2:
    """An `EnergyMeter`; opening it powers the board, closing it leaves it powered. May be used as a context manager.

    Raises:
        InputError: a voltage that the meter does not give.
        PortMissingError: the port cannot be opened, or went away in use.
        MeterError: what answers is no such meter.
    """

    def __init__(self, setup: MeterSetup) -> None:
        if not LOWEST_V <= setup.voltage_v <= HIGHEST_V:
            raise InputError(f"meter voltage: must be {LOWEST_V} to {HIGHEST_V} V, but got {setup.voltage_v} V")
        self.name = setup.url
        self.voltage_v = setup.voltage_v
        self._recorded = bytearray()
        self._is_recording = threading.Event()
        self._failure: OSError | None = None
        self._reader: threading.Thread | None = None
        try:
            self._port = serial.serial_for_url(setup.url, _BAUD, timeout=_POLL_S, exclusive=True)
        except (OSError, ValueError) as error:
            raise PortMissingError(f"{self.name}: cannot open the meter's port ({error}); is it connected?") from error
        try:
            self._calibration = self._ask_calibration()
            self._power(setup)
        except BaseException:
            self._port.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End recording and close the port."""
        self._end_reader()
        self._port.close()

    def start(self) -> None:
        """Begin to record; what an interrupted recording has left is thrown away."""
        self._end_reader()
        self._silence()
        self._recorded.clear()
        self._send(Command.AVERAGE_START)
        self._is_recording.set()
        self._reader = threading.Thread(target=self._record, name=f"meter {self.name}", daemon=True)
        self._reader.start()

    def wait_recorded(self, seconds: float) -> None:
        """Return when so many seconds have been recorded from now on."""
        wanted = len(self._recorded) + round(seconds / SAMPLE_S) * SAMPLE_BYTES
        deadline = Deadline(seconds + _ANSWER_LIMIT_S)
        while len(self._recorded) < wanted:
            if self._failure is not None:
                raise self._vanished(self._failure) from self._failure
            if deadline.expired:
                raise MeterError(f"{self.name}: recorded less than {seconds} s in {deadline.duration_s:.1f} s")
            time.sleep(_POLL_S / 4)

    def stop(self) -> CurrentTrace:
        """End recording and give all since `start`; none is missing."""
        self.wait_recorded(_UNDER_WAY_S)
        self._end_reader()
        self._silence()
        data = bytes(self._recorded)
        lost = lost_samples(data)
        if lost:
            raise MeterError(
                f"{self.name}: lost {lost} of {len(data) // SAMPLE_BYTES} samples; use another USB port, without a hub"
            )
        return decode_samples(data, self._calibration, self.voltage_v)

    def _record(self) -> None:
        try:
            while self._is_recording.is_set():
                self._recorded += self._port.read(_CHUNK_BYTES)
        except OSError as error:
            self._failure = error

    def _end_reader(self) -> None:
        self._is_recording.clear()
        if self._reader is not None:
            self._reader.join()
            self._reader = None

    def _ask_calibration(self) -> Calibration:
        self._silence()
        self._send(Command.GET_META_DATA)
        answer = self._read_until(METADATA_END)
        try:
            return parse_metadata(answer.decode("ascii", "replace"))
        except ValueError as error:
            raise MeterError(f"{self.name}: is no Power Profiler Kit II: {error} in {answer[:60]!r}") from error

    def _power(self, setup: MeterSetup) -> None:
        self._send(Command.SET_POWER_MODE, _SOURCE if setup.is_source else _AMMETER)
        self._send(Command.REGULATOR_SET, *round(setup.voltage_v * 1e3).to_bytes(2, "big"))
        self._send(Command.DEVICE_RUNNING_SET, 1)

    def _silence(self) -> None:
        """End a recording, whoever began it, and throw away what is still under way."""
        self._send(Command.AVERAGE_STOP)
        deadline = Deadline(_ANSWER_LIMIT_S)
        quiet = Deadline(_QUIET_S)
        while not quiet.expired:
            if self._read():
                quiet = Deadline(_QUIET_S)
            if deadline.expired:
                raise MeterError(f"{self.name}: keeps talking when told to stop; is it a Power Profiler Kit II?")

    def _read_until(self, end: bytes) -> bytes:
        answer = b""
        deadline = Deadline(_ANSWER_LIMIT_S)
        while end not in answer:
            if deadline.expired:
                raise MeterError(
                    f"{self.name}: no calibration within {deadline.duration_s} s (received {answer[:60]!r}); "
                    "is it a Power Profiler Kit II, and the first of its two ports?"
                )
            answer += self._read()
        return answer

    def _read(self) -> bytes:
        try:
            return bytes(self._port.read(_CHUNK_BYTES))
        except OSError as error:
            raise self._vanished(error) from error

    def _send(self, *words: int) -> None:
        try:
            self._port.write(bytes(words))
        except OSError as error:
            raise self._vanished(error) from error

    def _vanished(self, error: Exception) -> PortMissingError:
        return PortMissingError(f"{self.name}: the meter's port went away in use ({error})")
