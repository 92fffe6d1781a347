"""What networks take of one board's budgets, learned from those that were measured there."""

from collections.abc import Sequence

import numpy as np

from orchestrator.domain.network_shape import LayerShape, NetworkShape
from orchestrator.search.layer_model import LayerModel
from orchestrator.search.observation import AT_LEAST, BoardCosts
from orchestrator.search.regression import Floats, Regression

RAM = "ram"
FLASH = "flash"

LEAST_SHARE = 1e-9
"""So that there is a logarithm."""

Known = Sequence[tuple[NetworkShape, BoardCosts]]


class BoardModel:
    """Predicts the shares that networks take of one board's budgets.

    Args:
        known: at least one network with what was measured of it.
    """

    def __init__(self, known: Known) -> None:
        layers = [pair for shape, costs in known for pair in _matched(shape, costs)]
        self._layers = LayerModel(dict(layers)) if layers else None
        self._kernels = sorted({kernel for shape, _ in known for kernel in shape.kernels})
        names = sorted({name for _, costs in known for name in costs.shares})
        self._by_name = {name: self._learn(name, known) for name in names}

    def shares(self, networks: Sequence[NetworkShape]) -> dict[str, Floats]:
        """Give the share of each budget that each network will take."""
        cycles = self.cycles(networks)
        return {
            name: model * cycles if isinstance(model, float) else model.predict(self._features(name, networks))
            for name, model in self._by_name.items()
        }

    def cycles(self, networks: Sequence[NetworkShape]) -> Floats:
        """Give the cycles of each network; 0 if no layers were measured."""
        if self._layers is None:
            return np.zeros(len(networks))
        cycles = self._layers.cycles(list({layer for network in networks for layer in network.layers}))
        return np.array([sum(cycles[layer] for layer in network.layers) for network in networks])

    def _learn(self, name: str, known: Known) -> Regression | float:
        """Give a regression over whole networks, or, of what goes with time, what one cycle takes of the budget."""
        quantity = name.removesuffix(AT_LEAST)
        rows = [(shape, costs) for shape, costs in known if name in costs.shares]
        timed = [(costs.shares[name], sum(cycles for _, cycles in costs.layers)) for _, costs in rows if costs.layers]
        if quantity not in (RAM, FLASH) and timed and self._layers is not None:
            return float(np.median([share / cycles for share, cycles in timed]))
        shares = np.array([costs.shares[name] for _, costs in rows])
        return Regression(self._features(name, [shape for shape, _ in rows]), np.maximum(shares, LEAST_SHARE))

    def _features(self, name: str, networks: Sequence[NetworkShape]) -> Floats:
        """Give what the budget is spent on, the most telling first."""
        quantity = name.removesuffix(AT_LEAST)
        if quantity == RAM:
            return np.array([(each.live_bytes, 1.0) for each in networks])
        if quantity == FLASH:
            return np.array([self._stored(each) for each in networks])
        return np.array([_work(each) for each in networks])

    def _stored(self, network: NetworkShape) -> tuple[float, ...]:
        """Give weights, the constants of their channels, and which code is there."""
        channels = sum(layer.output_bytes // layer.positions for layer in network.layers if layer.weight_bytes)
        code = [float(kernel in network.kernels) for kernel in self._kernels]
        return network.weight_bytes, 1.0, channels, *code, len(network.layers)


def _work(network: NetworkShape) -> tuple[float, ...]:
    macs = sum(layer.macs for layer in network.layers)
    return macs, sum(layer.output_bytes for layer in network.layers), len(network.layers)


def _matched(shape: NetworkShape, costs: BoardCosts) -> list[tuple[LayerShape, float]]:
    """Give the layers with their cycles; none where others ran than were described."""
    if [layer.operator for layer in shape.layers] != [operator for operator, _ in costs.layers]:
        return []
    return [(layer, float(max(cycles, 1))) for layer, (_, cycles) in zip(shape.layers, costs.layers, strict=True)]
