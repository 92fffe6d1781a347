"""TensorFlow Lite Micro in a process of its own: its C++ aborts, reads where nothing is or never ends on odd models."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from multiprocessing import Pipe
from typing import Any

from numpy.typing import NDArray

from orchestrator.domain.errors import InfrastructureError, UnsupportedModelError

_EXIT_TIMEOUT_S = 5.0
_LAST_WORDS_BYTES = 2000
_FROM_OUTSIDE = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL}
"""Signals by which people and the system end processes: they say nothing about the network."""


class TflmProcess:
    """Started when first asked and kept for the next networks; threads wait for one another.

    The process ends with `close()` and together with the one that asks, however that ends.
    """

    def __init__(self, limit_s: float = 60.0) -> None:
        """Allow `limit_s` seconds of processor time for the set-up of a network and for each sample."""
        self._limit_s = limit_s
        self._lock = threading.Lock()
        self._worker: _Worker | None = None

    def run(
        self, tflite: bytes, inputs: Sequence[NDArray[Any]], output_count: int, resets: bool
    ) -> tuple[NDArray[Any], ...]:
        """Run a network over N samples, for each input `[N, *shape]`; gives `[N, *shape]` for each output.

        Args:
            resets: put the state back before every sample.

        Raises:
            UnsupportedModelError: TensorFlow Lite Micro refuses the network, crashes on it or does not come to an end.
            InfrastructureError: the process does not start, or somebody ended it.
        """
        with self._lock:
            return self._run((tflite, inputs, output_count, resets, self._limit_s))

    def close(self) -> None:
        """End a process that has nothing to do, without waiting for threads that use one: it ends with us."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.kill()

    def _run(self, job: tuple[object, ...]) -> tuple[NDArray[Any], ...]:
        used, self._worker = self._worker, None  # whatever interrupts leaves no worker with half a request
        if used is not None:
            try:
                return self._ask(used, job)
            except _EndedError:
                pass  # the network before may have harmed it: only what a fresh one does counts
        try:
            return self._ask(_Worker(), job)
        except _EndedError as end:
            raise self._meaning(end) from end

    def _ask(self, worker: "_Worker", job: tuple[object, ...]) -> tuple[NDArray[Any], ...]:
        answer = worker.ask(job)
        self._worker = worker
        if isinstance(answer, str):
            raise UnsupportedModelError(
                f"TensorFlow Lite Micro does not run the model: {worker.last_words() or answer}"
            )
        return answer

    def _meaning(self, end: "_EndedError") -> Exception:
        number = -end.exit_code
        if number == signal.SIGPROF:
            return UnsupportedModelError(f"TensorFlow Lite Micro does not end within {self._limit_s:g} s on the model")
        if number <= 0 or number in _FROM_OUTSIDE:
            return InfrastructureError(f"the process of TensorFlow Lite Micro ended {end}")
        return UnsupportedModelError(f"TensorFlow Lite Micro crashed on the model {end}")


class _EndedError(Exception):
    """The process ended in place of an answer; `exit_code` is minus the signal's number."""

    def __init__(self, exit_code: int, last_words: str) -> None:
        how = f"(signal {-exit_code})" if exit_code < 0 else f"(exit code {exit_code})"
        super().__init__(f"{how}: {last_words}" if last_words else how)
        self.exit_code = exit_code


class _Worker:
    """One process that answers job after job."""

    def __init__(self) -> None:
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process writes to it
        self._connection, theirs = Pipe()
        command = [sys.executable, "-m", "orchestrator.parity.tflm_worker", str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self._messages,
                stderr=self._messages,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for us: we end it, or go on
            )
        try:
            self._exchange()
        except _EndedError as end:
            raise InfrastructureError(f"TensorFlow Lite Micro does not start {end}") from end

    def ask(self, job: tuple[object, ...]) -> tuple[NDArray[Any], ...] | str:
        """Give outputs or the text of a refusal.

        Raises:
            _EndedError: the process ended.
        """
        self._messages.seek(0)  # one position for both processes
        self._messages.truncate()
        answer: tuple[NDArray[Any], ...] | str = self._exchange(job)
        return answer

    def last_words(self) -> str:
        """Give what the process wrote of late, in one line."""
        size = os.fstat(self._messages.fileno()).st_size
        start = max(size - _LAST_WORDS_BYTES, 0)
        text = os.pread(self._messages.fileno(), _LAST_WORDS_BYTES, start).decode("utf-8", errors="replace")
        return "; ".join(line.strip() for line in text.splitlines() if line.strip())

    def kill(self) -> None:
        """End the process and forget what it said; twice is fine."""
        self._process.kill()
        self._process.wait()
        self._connection.close()
        self._messages.close()

    def _exchange(self, *requests: object) -> Any:
        try:
            for request in requests:
                self._connection.send(request)
            return self._connection.recv()
        except (EOFError, OSError):
            raise self._ended() from None
        except BaseException:  # an answer would come when nobody waits for it
            self.kill()
            raise

    def _ended(self) -> _EndedError:
        try:
            code = self._process.wait(_EXIT_TIMEOUT_S)
        except subprocess.TimeoutExpired:  # it closed its end and stays: not by itself
            self._process.kill()
            code = self._process.wait()
        end = _EndedError(code, self.last_words())
        self.kill()
        return end
