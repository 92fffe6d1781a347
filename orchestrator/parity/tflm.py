"""The oracle: the interpreter of TensorFlow Lite Micro with reference kernels, from the package `tflite-micro`."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.tflite.reader import read_graph
from orchestrator.domain.errors import UnsupportedModelError

_ARENA_BYTES = 16 << 20


def run_tflm(tflite: bytes, inputs: Sequence[NDArray[Any]], *, is_stream: bool = False) -> tuple[NDArray[Any], ...]:
    """Run a network over N samples, for each input `[N, *shape]`; gives `[N, *shape]` for each output.

    Args:
        is_stream: a sample finds the state that the one before left; else each starts from the initial state.

    Raises:
        UnsupportedModelError: the interpreter does not take the network.
    """
    from tflite_micro.python.tflite_micro import runtime

    graph = read_graph(tflite)
    for operator in graph.operators:
        if operator.name == "DEPTHWISE_CONV_2D" and operator.optional_input(2) is None:
            raise operator.unsupported("without a bias it crashes TensorFlow Lite Micro")
    output_count = len(graph.outputs)
    with _standard_error() as messages:
        try:
            interpreter = runtime.Interpreter.from_bytes(tflite, arena_size=_ARENA_BYTES)
            runs = []
            for sample in range(len(inputs[0])):
                if graph.states and not is_stream:
                    interpreter.reset()
                for position, array in enumerate(inputs):
                    interpreter.set_input(np.asarray(array[sample], order="C"), position)
                interpreter.invoke()
                runs.append([np.array(interpreter.get_output(position)) for position in range(output_count)])
        except (RuntimeError, ValueError) as error:
            reason = _one_line(messages) or str(error)
            raise UnsupportedModelError(f"TensorFlow Lite Micro does not run the model: {reason}") from error
    return tuple(np.stack([run[position] for run in runs]) for position in range(output_count))


@contextmanager
def _standard_error() -> Iterator[IO[bytes]]:
    """Keep what the interpreter writes past Python to the process's standard error: its reasons, line by line."""
    with tempfile.TemporaryFile() as messages:
        saved = os.dup(2)
        os.dup2(messages.fileno(), 2)
        try:
            yield messages
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def _one_line(messages: IO[bytes]) -> str:
    messages.seek(0)
    lines = messages.read().decode("utf-8", errors="replace").splitlines()
    return "; ".join(line.strip() for line in lines if line.strip())
