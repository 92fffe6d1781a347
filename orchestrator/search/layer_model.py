"""Cycles of layers, learned from layers that were measured."""

from collections.abc import Mapping, Sequence

import numpy as np

from orchestrator.domain.network_shape import LayerShape
from orchestrator.search.regression import Floats, Regression

LEAST_OF_A_KERNEL = 4
"""Different layers from which a kernel is known; with fewer, all layers of the operator count."""

_Family = tuple[str, bool] | str | None


class LayerModel:
    """Cycles of layers, by kernel; of a kernel that is hardly known, by operator; of an unknown operator, by all."""

    def __init__(self, known: Mapping[LayerShape, float]) -> None:
        groups: dict[_Family, list[LayerShape]] = {}
        for layer in known:
            for family in _families(layer):
                groups.setdefault(family, []).append(layer)
        self._families = {
            family: Regression(_layer_features(layers), np.array([known[layer] for layer in layers]))
            for family, layers in groups.items()
            if len(layers) >= LEAST_OF_A_KERNEL or not isinstance(family, tuple)
        }

    def cycles(self, layers: Sequence[LayerShape]) -> dict[LayerShape, float]:
        """Predict the cycles of different layers."""
        groups: dict[_Family, list[LayerShape]] = {}
        for layer in layers:
            family = next(family for family in _families(layer) if family in self._families)
            groups.setdefault(family, []).append(layer)
        predicted: dict[LayerShape, float] = {}
        for family, members in groups.items():
            predicted |= zip(members, self._families[family].predict(_layer_features(members)).tolist(), strict=True)
        return predicted


def _families(layer: LayerShape) -> tuple[_Family, ...]:
    """Give whom a layer may be compared with, the nearest first."""
    return (layer.kernel or layer.operator, layer.taps == 1), layer.operator, None


def _layer_features(layers: Sequence[LayerShape]) -> Floats:
    """Give what takes cycles: products, outputs, calls, values gathered for a window, and so on."""
    rows = [
        (
            each.macs,
            each.output_bytes,
            1,
            each.positions * each.window,
            each.positions,
            each.input_bytes,
            each.output_bytes // each.positions,
            each.window,
            each.taps,
        )
        for each in layers
    ]
    return np.array(rows, dtype=np.float64)
