"""A running Renode and its monitor: commands go to its standard input, answers and log come from its output."""

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

from orchestrator.domain.errors import DeviceError, DeviceSilentError
from orchestrator.renode import keeper

_COMMAND_LIMIT_S = 30.0
_ASK_AGAIN_S = 1.0
_STOP_LIMIT_S = 5.0
_LINES_KEPT = 200

# Renode goes on after errors and ends with exit code 0: only its words tell. From its monitor's sources, 1.15 to 1.16.
_REFUSALS = (
    "There was an error",
    "No such command",
    "No such variable",
    "Bad parameters",
    "did not match the signature",
    "Could not tokenize",
    "Could not find",
    "Errors during compilation",
)
_DONE = "-mcutune-done"
"""Printed behind every command with the command's number."""

_FATAL = ("CPU abort", "CPU was halted")
"""The core has stopped for good, though Renode lives and its serial line is merely silent."""


class Monitor:
    """Renode without windows, ended and cleaned up after with this process, whatever ends it.

    Args:
        program: path of `renode`.
        folder: of its own; removed with everything in it in the end.
        start_limit_s: until it takes commands.

    Raises:
        DeviceError: it does not start.
    """

    def __init__(self, program: str, folder: Path, start_limit_s: float) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._news = threading.Condition()
        self._lines: deque[str] = deque(maxlen=_LINES_KEPT)
        self._fatal: str | None = None
        self._ended = False
        environment = {**os.environ, "TMPDIR": str(folder), "XDG_CONFIG_HOME": str(folder)}
        options = ["--disable-xwt", "--plain", "--console"]
        self._process = subprocess.Popen(
            [sys.executable, "-I", keeper.__file__, str(folder), str(os.getpid()), program, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            text=True,
            errors="replace",
            bufsize=1,
            start_new_session=True,  # Ctrl-C is for us: Renode is closed in order
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.run("version", start_limit_s)
        except BaseException:
            self.close()
            raise

    def run(self, command: str, limit_s: float = _COMMAND_LIMIT_S) -> None:
        """Run a command of the monitor and wait until it is done.

        Raises:
            DeviceError: Renode refused it or ended; DeviceSilentError: it did not come back within `limit_s`.
        """
        number = next(self._numbers)
        with self._news:
            self._lines.clear()
        self._write(command)
        self._await(number, command, limit_s)
        refused = [line for line in self.said() if any(words in line for words in _REFUSALS)]
        if refused:
            raise DeviceError(f"Renode refused {command!r}: {self._last_words(refused[0])}")

    def is_alive(self) -> bool:
        """Say whether Renode runs and its core does."""
        return self._process.poll() is None and self._fatal is None

    @property
    def fatal(self) -> str | None:
        """What stopped the core, in Renode's words."""
        return self._fatal

    def exit_code(self, limit_s: float = 0.0) -> int | None:
        """Give the exit code as soon as Renode has ended, None when it still runs after `limit_s`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(limit_s)
        return None

    def said(self) -> list[str]:
        """Give the lines since the last command was sent."""
        with self._news:
            return list(self._lines)

    def close(self) -> None:
        """End Renode; closing twice is fine."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(_STOP_LIMIT_S)
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):  # what was still to be written has no reader any more
                if stream is not None:
                    stream.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # it ended: whoever waits for its answer is told
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def _await(self, number: int, command: str, limit_s: float) -> None:
        """Wait until Renode has printed the command's number, which it is asked for behind the command.

        Its log is written between the characters of its answers, so that one may be torn: it is asked again.
        """
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            self._write(f"python \"print(str({number}) + '{_DONE}')\"")  # its echo does not look like its answer
            if self._saw(f"{number}{_DONE}", min(_ASK_AGAIN_S, deadline - time.monotonic())):
                return
            if self._ended:
                raise DeviceError(f"Renode ended during {command!r}: {self._last_words()}")
        raise DeviceSilentError(f"Renode did not come back from {command!r} within {limit_s} s: {self._last_words()}")

    def _saw(self, wanted: str, limit_s: float) -> bool:
        """Say whether the line came, as soon as it has or nothing more will come."""

        def came() -> bool:
            return any(wanted in line for line in self._lines)

        with self._news:
            self._news.wait_for(lambda: came() or self._ended, limit_s)
            return came()

    def _last_words(self, first: str = "") -> str:
        """Give the last lines, from `first` on, as one."""
        with self._news:
            lines = [line for line in self._lines if line and _DONE not in line]
        start = lines.index(first) if first in lines else max(0, len(lines) - 3)
        return " / ".join(lines[start : start + 4]) or "it said nothing"

    def _read(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError):  # closed under our hands
            for line in self._process.stdout:
                self._take(line.replace("\r", "").strip())
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _take(self, line: str) -> None:
        with self._news:
            self._lines.append(line)
            self._news.notify_all()
        if self._fatal is None and any(words in line for words in _FATAL):
            self._fatal = line
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)  # ends the line, so that nobody waits for a dead core
