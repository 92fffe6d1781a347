"""The shapes of a space's networks, each architecture described once."""

from collections.abc import Callable, Mapping
from typing import Any

from hyperopt.base import Domain

from orchestrator.domain.network_shape import NetworkShape
from orchestrator.search.expression import evaluator
from orchestrator.search.history import History
from orchestrator.search.points import Points

Describe = Callable[[Any], NetworkShape]
"""From a point, as the space's builder takes it, to the network's shape; ValueError: there is no such network."""

MOST_REMEMBERED = 20_000


class DescribedNetworks:
    """Describes points of a space."""

    def __init__(self, domain: Domain, describe: Describe) -> None:
        self._evaluate = evaluator(domain.expr)
        self._describe = describe
        self._known: dict[bytes, NetworkShape | None] = {}

    def shapes(self, history: History, points: Points) -> list[NetworkShape | None]:
        """Give the shape of each point's network; None where the point describes no valid one."""
        if len(self._known) > MOST_REMEMBERED:
            self._known.clear()
        keys = [values.tobytes() for values in points.values[:, history.architecture]]
        for key, values in zip(keys, points.values, strict=True):
            if key not in self._known:
                self._known[key] = self.shape(history.space.drawn(values))
        return [self._known[key] for key in keys]

    def shape(self, drawn: Mapping[str, float]) -> NetworkShape | None:
        """Give the shape of the network for which this was drawn."""
        try:
            return self._describe(self._evaluate(drawn))
        except ValueError:
            return None
