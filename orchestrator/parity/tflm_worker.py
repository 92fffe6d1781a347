"""The process that TensorFlow Lite Micro runs in: `python -m orchestrator.parity.tflm_worker DESCRIPTOR`.

DESCRIPTOR is a socket, inherited from the process that asks. Imports little, so that a start takes a third of a second.
"""

import fcntl
import os
import resource
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tflite_micro.python.tflite_micro import runtime

_ARENA_BYTES = 16 << 20


def main() -> None:
    """Answer jobs, the arguments of `_outputs`, with the outputs or the text of a refusal, until nobody asks."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for deadly in (signal.SIGPROF, signal.SIGIO):
        signal.signal(deadly, signal.SIG_DFL)
    connection = Connection(int(sys.argv[1]))
    fcntl.fcntl(connection.fileno(), fcntl.F_SETOWN, os.getpid())
    with suppress(EOFError, OSError):
        connection.send("ready")
        while True:
            job = connection.recv()
            _die_with_the_other_end(connection, True)
            answer = _answer(*job)
            _die_with_the_other_end(connection, False)
            connection.send(answer)


def _die_with_the_other_end(connection: Connection, is_wanted: bool) -> None:
    """Have SIGIO sent when the other process closes its end: C++ that never returns would not see it."""
    flags = fcntl.fcntl(connection.fileno(), fcntl.F_GETFL)
    flags = flags | os.O_ASYNC if is_wanted else flags & ~os.O_ASYNC
    fcntl.fcntl(connection.fileno(), fcntl.F_SETFL, flags)


def _answer(*job: Any) -> tuple[NDArray[Any], ...] | str:
    try:
        return _outputs(*job)
    except Exception as error:  # noqa: BLE001 - whatever it raises says that it does not take the network
        return f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)


def _outputs(
    tflite: bytes, inputs: Sequence[NDArray[Any]], output_count: int, resets: bool, limit_s: float
) -> tuple[NDArray[Any], ...]:
    """Give `[N, *shape]` for each output.

    Args:
        resets: put the state back before every sample.
        limit_s: processor time, for the set-up and for each sample; SIGPROF ends the process beyond.
    """
    signal.setitimer(signal.ITIMER_PROF, limit_s)
    interpreter = runtime.Interpreter.from_bytes(tflite, arena_size=_ARENA_BYTES)
    runs = []
    for sample in range(len(inputs[0])):
        signal.setitimer(signal.ITIMER_PROF, limit_s)
        if resets:
            interpreter.reset()
        for position, array in enumerate(inputs):
            interpreter.set_input(np.asarray(array[sample], order="C"), position)
        interpreter.invoke()
        runs.append([np.array(interpreter.get_output(position)) for position in range(output_count)])
    return tuple(np.stack([run[position] for run in runs]) for position in range(output_count))


if __name__ == "__main__":
    main()
