"""Real samples in the form a quantised network takes and gives them."""

import numpy as np

from orchestrator.datasets.dataset import Array
from orchestrator.domain.model import TensorSpec


def quantise(x: Array, spec: TensorSpec) -> Array:
    """Turn float samples [N, ...] into [N, *shape] in the stored type of the input `spec`."""
    if spec.dtype == "float32":
        return x.astype(np.float32).reshape(len(x), *spec.shape)
    limits = np.iinfo(spec.dtype)
    stored = np.round(x / spec.scale) + spec.zero_point
    return np.clip(stored, limits.min, limits.max).astype(spec.dtype).reshape(len(x), *spec.shape)


def accuracy(scores: Array, y: Array) -> float:
    """Share of samples whose highest score [N, classes] is at their class."""
    return float(np.mean(np.argmax(scores.reshape(len(scores), -1), axis=1) == y))
