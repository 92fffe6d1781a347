"""Start and stop virtual boards from another process."""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import DeviceError, InputError
from orchestrator.virtual_board.requested_faults.catalogue import requested_faults

START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0
EXIT_BAD_INPUT = 2


class VirtualBoardProcess:
    """A running virtual board; ends when closed, and by itself when this process ends.

    Attributes:
        device_id: the chip's unique id, 24 hex digits.
        pty: path of its pseudo terminal, None where none was asked for.

    Raises:
        DeviceError: the process ended or did not say within `START_TIMEOUT_S` where its line is.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._said = bytearray()
        self._ready: dict[str, str] = {}
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._ready and self._listen(max(0.0, deadline - time.monotonic())):
            pass
        if not self._ready:
            raise DeviceError(f"ended or gave no serial line within {START_TIMEOUT_S} s")
        self.device_id = self._ready["device_id"]
        self.pty = self._ready.get("pty")

    @property
    def url(self) -> str:
        """pyserial URL of its serial line, `rfc2217://127.0.0.1:<port>`: the latest, should the port have moved."""
        while self._listen(0.0):
            pass
        return self._ready["url"]

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Say whether the process still runs."""
        return self._process.poll() is None

    def _listen(self, timeout_s: float) -> bool:
        """Take what the process says of itself; False when it said nothing."""
        assert self._process.stdout is not None
        poll = select.poll()  # unlike select(), it knows no limit of file descriptors
        poll.register(self._process.stdout, select.POLLIN)
        data = os.read(self._process.stdout.fileno(), 4096) if poll.poll(timeout_s * 1000) else b""
        *lines, rest = bytes(self._said + data).split(b"\n")
        self._said = bytearray(rest)
        if lines:
            self._ready = json.loads(lines[-1])
        return bool(data)

    def close(self) -> None:
        """End and reap the process; closing twice is fine."""
        _end(self._process)

    def __enter__(self) -> "VirtualBoardProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start_virtual_board(
    board: BoardType,
    *,
    tcp_port: int = 0,
    pty: bool = False,
    boot0: bool = False,
    device_id: str | None = None,
    zero_wait_states: bool = False,
    count_instructions: bool = False,
    throttle: bool = False,
    faults: Sequence[str] = (),
    fault_seed: int = 0,
    log: Path | None = None,
    trigger_log: Path | None = None,
) -> VirtualBoardProcess:
    """Power a board of a type and wait until its serial line can be opened.

    Args:
        tcp_port: of the serial line, on the loopback interface; 0: any.
        pty: offer a pseudo terminal as well.
        boot0: start in the ROM bootloader.
        device_id: 24 hex digits; random when None.
        zero_wait_states: count cycles as if flash answered at once.
        count_instructions: count instructions in place of cycles.
        throttle: bytes take their time at the line's baud rate.
        faults: `KIND[=VALUE]` each, docs/virtual_board.md.
        fault_seed: of what is random about the faults.
        log: file that faults, lock-ups and resets are logged to.
        trigger_log: file for the edges of the trigger pin, a line each: the board's time in seconds, 1 or 0.

    Raises:
        InputError: a fault that does not exist, a value that makes no sense, a port that is not free.
        DeviceError: the process ended or said nothing; the text holds what it printed.
    """
    requested_faults(faults, fault_seed, board)  # bad ones are refused here, without a process
    command = [sys.executable, "-m", "orchestrator.virtual_board", "--type", board.name, "--exit-with-parent"]
    command += ["--port", str(tcp_port)] + (["--pty"] if pty else []) + (["--boot0"] if boot0 else [])
    command += ["--device-id", device_id] if device_id else []
    command += ["--zero-wait-states"] if zero_wait_states else []
    command += ["--count-instructions"] if count_instructions else []
    command += ["--throttle"] if throttle else []
    command += [word for fault in faults for word in ("--fault", fault)] + ["--fault-seed", str(fault_seed)]
    command += ["--log", str(log)] if log else []
    command += ["--trigger-log", str(trigger_log)] if trigger_log else []
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        try:
            return VirtualBoardProcess(process)
        except DeviceError as error:
            _end(process)
            errors.seek(0)
            said = errors.read().strip()
            if process.returncode == EXIT_BAD_INPUT:
                raise InputError(said.splitlines()[-1]) from error
            raise DeviceError(f"virtual {board.name}: {error}; it said: {said!r}") from error


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
