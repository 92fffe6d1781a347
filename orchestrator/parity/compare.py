"""How far two runs of a network are apart, in steps of what is stored."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.domain.model import TensorSpec
from orchestrator.domain.parity import ParityReport


def compare_outputs(ours: Sequence[NDArray[Any]], theirs: Sequence[NDArray[Any]]) -> ParityReport:
    """Compare outputs `[N, *shape]`, integers or float32, of two runs.

    Raises:
        ValueError: the runs differ in the number or the shapes of their outputs.
    """
    worst = 0
    for mine, other in zip(ours, theirs, strict=True):
        if mine.shape != other.shape:
            raise ValueError(f"outputs must have equal shapes, but got {mine.shape} and {other.shape}")
        worst = max(worst, int(np.max(np.abs(_steps(mine) - _steps(other)), initial=0)))
    return ParityReport(len(ours[0]), exact=worst == 0, within_1_lsb=worst <= 1, worst_lsb=worst)


def _steps(values: NDArray[Any]) -> NDArray[np.int64]:
    """Give numbers that are one apart for neighbours: stored integers as they are, floats by their bits."""
    if values.dtype != np.float32:
        return values.astype(np.int64)
    bits = np.ascontiguousarray(values).view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(2**31) - bits, bits)


def random_inputs(inputs: tuple[TensorSpec, ...], count: int, seed: int) -> tuple[NDArray[Any], ...]:
    """Give `[count, *shape]` for each input, drawn evenly from the whole range of its integer dtype."""
    generator = np.random.default_rng(seed)
    return tuple(_random_tensor(spec, count, generator) for spec in inputs)


def _random_tensor(spec: TensorSpec, count: int, generator: np.random.Generator) -> NDArray[Any]:
    dtype = np.dtype(spec.dtype)
    shape = (count, *spec.shape)
    if dtype.kind == "f":
        return generator.uniform(-1.0, 1.0, shape).astype(dtype)
    limits = np.iinfo(dtype)
    return generator.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
