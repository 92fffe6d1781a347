"""What a network will look like on a board, told from its configuration before anything is built."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LayerShape:
    """One layer as the compiled network runs it.

    Attributes:
        operator: as measurements name it, e.g. CONV_2D.
        live_bytes: memory in use while it runs: input, output, scratch, whatever else is kept.
        kernel: names the code that runs it, which layers of other operators may share; "" if that is the operator's.
        taps: elements of its window in one channel.
        macs: multiply-accumulates.
        window: elements that one output position is computed from, all input channels included.
        positions: output elements per channel.
        weight_bytes: weights of one byte and biases of four.
    """

    operator: str
    input_bytes: int
    output_bytes: int
    live_bytes: int
    kernel: str = ""
    taps: int = 1
    macs: int = 0
    window: int = 0
    positions: int = 1
    weight_bytes: int = 0


@dataclass(frozen=True)
class NetworkShape:
    """The layers of a network in the order in which they run."""

    layers: tuple[LayerShape, ...]

    @property
    def kernels(self) -> frozenset[str]:
        """Names of all code that runs."""
        return frozenset(layer.kernel or layer.operator for layer in self.layers)

    @property
    def live_bytes(self) -> int:
        """What the arena must hold at least."""
        return max((layer.live_bytes for layer in self.layers), default=0)

    @property
    def weight_bytes(self) -> int:
        """Weights and biases of all layers."""
        return sum(layer.weight_bytes for layer in self.layers)
