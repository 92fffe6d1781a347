"""The oracle: the interpreter of TensorFlow Lite Micro with reference kernels, from the package `tflite-micro`."""

import atexit
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from orchestrator.compiler.tflite.reader import read_graph
from orchestrator.domain.errors import UnsupportedModelError
from orchestrator.domain.parity import NotCompared, ParityReport
from orchestrator.parity.compare import compare_outputs
from orchestrator.parity.tflm_process import TflmProcess

_PROCESS = TflmProcess()
atexit.register(_PROCESS.close)


def run_tflm(tflite: bytes, inputs: Sequence[NDArray[Any]], *, is_stream: bool = False) -> tuple[NDArray[Any], ...]:
    """Run a network over N samples, for each input `[N, *shape]`; gives `[N, *shape]` for each output.

    Args:
        is_stream: a sample finds the state that the one before left; else each starts from the initial state.

    Raises:
        UnsupportedModelError: the interpreter does not take the network, crashes on it or does not come to an end.
        InfrastructureError: the interpreter's process does not start, or somebody ended it.
    """
    graph = read_graph(tflite)
    resets = bool(graph.states) and not is_stream
    return _PROCESS.run(tflite, inputs, len(graph.outputs), resets)


def compare_with_tflm(
    outputs: Sequence[NDArray[Any]], tflite: bytes, inputs: Sequence[NDArray[Any]], *, is_stream: bool = False
) -> ParityReport | NotCompared:
    """Compare outputs `[N, *shape]` that came of `inputs` with what the oracle gives, where it runs the network."""
    try:
        reference = run_tflm(tflite, inputs, is_stream=is_stream)
    except UnsupportedModelError as refusal:
        return NotCompared(str(refusal))
    return compare_outputs(outputs, reference)
