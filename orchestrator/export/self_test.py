"""What a library's self-test runs and expects: seeded inputs that the device makes itself, outputs of TFLM or host."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.domain.errors import ParityError, UnsupportedModelError
from orchestrator.domain.model import CompiledModel, TensorSpec
from orchestrator.parity.tflm import run_tflm
from orchestrator.toolchain.host_model import build_host_model

SEED = 0x9E3779B9
"""Odd, so that sample k's state, SEED * (k + 1) modulo 2^32, is never the generator's dead end 0 for k < 2^32 - 1."""

_WORD = 0xFFFFFFFF


@dataclass(frozen=True)
class SelfTest:
    """What a library must give.

    Attributes:
        expected: the stored bytes of all outputs, one after the other, of each sample.
        refusal: why the host build computed them and not TFLM, in one line; None where they are TFLM's.
    """

    expected: tuple[bytes, ...]
    refusal: str | None = None

    @property
    def reference(self) -> str:
        """Whose outputs are expected."""
        return "TensorFlow Lite Micro" if self.refusal is None else "this library built for the host"


def make_self_test(tflite: bytes, compiled: CompiledModel, samples: int) -> SelfTest:
    """Compute what the network must give, on the host and where possible with TFLM.

    Raises:
        ParityError: the compiled network computes something else than TFLM.
    """
    inputs = seeded_inputs(compiled.inputs, samples)
    with tempfile.TemporaryDirectory(prefix="mcutune-export-") as folder:
        ours = _bytes_by_sample(build_host_model(compiled, Path(folder)).run(inputs), samples)
    try:
        expected = _bytes_by_sample(run_tflm(tflite, inputs), samples)
    except UnsupportedModelError as refusal:
        return SelfTest(ours, str(refusal))
    different = [index for index in range(samples) if ours[index] != expected[index]]
    if different:
        raise ParityError(
            f"the compiled network and TensorFlow Lite Micro differ on {len(different)} of {samples} samples; "
            "this is a defect of the compiler or the kernels"
        )
    return SelfTest(expected)


def seeded_inputs(specs: tuple[TensorSpec, ...], samples: int) -> tuple[NDArray[Any], ...]:
    """Give `[samples, *shape]` for each input: the numbers that boards/export/self_test.c makes."""
    arrays = tuple(np.empty((samples, *spec.shape), spec.dtype) for spec in specs)
    for sample in range(samples):
        random = _Xorshift(SEED * (sample + 1) & _WORD)
        for spec, array in zip(specs, arrays, strict=True):
            array[sample] = random.tensor(spec)
    return arrays


class _Xorshift:
    """Marsaglia's generator with 32 bits of state."""

    def __init__(self, state: int) -> None:
        self._state = state

    def tensor(self, spec: TensorSpec) -> NDArray[Any]:
        if spec.dtype == "float32":
            words = [self._next() >> 8 for _ in range(spec.size_bytes // 4)]
            return (np.array(words, np.float64) / 2**23 - 1.0).astype(np.float32).reshape(spec.shape)
        data = bytes(self._next() >> 24 for _ in range(spec.size_bytes))
        return np.frombuffer(data, spec.dtype).reshape(spec.shape)

    def _next(self) -> int:
        x = self._state
        x ^= x << 13 & _WORD
        x ^= x >> 17
        x ^= x << 5 & _WORD
        self._state = x
        return x


def _bytes_by_sample(outputs: tuple[NDArray[Any], ...], samples: int) -> tuple[bytes, ...]:
    return tuple(b"".join(output[sample].tobytes() for output in outputs) for sample in range(samples))
