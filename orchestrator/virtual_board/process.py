"""Start and stop virtual boards from another process."""

import json
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import DeviceError

START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0


class VirtualBoardProcess:
    """A running virtual board; ends when closed, and by itself when this process ends.

    Attributes:
        url: pyserial URL of its serial line, `rfc2217://127.0.0.1:<port>`.
        device_id: the chip's unique id, 24 hex digits.
    """

    def __init__(self, process: subprocess.Popen[str], url: str, device_id: str) -> None:
        self._process = process
        self.url = url
        self.device_id = device_id

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Say whether the process still runs."""
        return self._process.poll() is None

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
    device_id: str | None = None,
    zero_wait_states: bool = False,
    count_instructions: bool = False,
    throttle: bool = False,
    log: Path | None = None,
) -> VirtualBoardProcess:
    """Power a board of a type and wait until its serial line can be opened.

    Args:
        device_id: 24 hex digits; random when None.
        zero_wait_states: count cycles as if flash answered at once.
        count_instructions: count instructions in place of cycles.
        throttle: bytes take their time at the line's baud rate.
        log: file that faults, lock-ups and resets are logged to.

    Raises:
        DeviceError: the process ended or said nothing; the text holds what it printed.
    """
    command = [sys.executable, "-m", "orchestrator.virtual_board", "--type", board.name, "--exit-with-parent"]
    command += ["--device-id", device_id] if device_id else []
    command += ["--zero-wait-states"] if zero_wait_states else []
    command += ["--count-instructions"] if count_instructions else []
    command += ["--throttle"] if throttle else []
    command += ["--log", str(log)] if log else []
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
        line = _first_line(process)
        if not line:
            _end(process)
            errors.seek(0)
            said = errors.read().strip()
            raise DeviceError(
                f"virtual {board.name}: ended or gave no serial line within {START_TIMEOUT_S} s; it said: {said!r}"
            )
    ready = json.loads(line)
    return VirtualBoardProcess(process, ready["url"], ready["device_id"])


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    poll = select.poll()  # unlike select(), it knows no limit of file descriptors
    poll.register(process.stdout, select.POLLIN)
    return process.stdout.readline() if poll.poll(START_TIMEOUT_S * 1000) else ""


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
