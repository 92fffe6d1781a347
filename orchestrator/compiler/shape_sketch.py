"""Draw the layers of a network without building it, by the rules by which it would be compiled."""

from dataclasses import replace
from math import prod

from orchestrator.compiler.kernel_choice import NEGLIGIBLE_SHARE
from orchestrator.compiler.ops import conv2d, depthwise_conv2d, fully_connected
from orchestrator.compiler.ops.window import Window, same_padding
from orchestrator.domain.network_shape import LayerShape, NetworkShape

_CHANNELS_OF_3X3 = 4

_CONV = "mt_conv2d"
_DENSE = "mt_fully_connected"


class ShapeSketch:
    """Draws a network without branches, layer by layer; for the `describe` of a search space.

    Activation functions and batch normalisation are not drawn: they become part of the layer before them. A window
    that leaves no output position raises ValueError.

    Args:
        shape: of one sample, [height, width, channels] or [elements].
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self._buffer_bytes = prod(shape)
        self._layers: list[LayerShape] = []

    def conv2d(self, filters: int, kernel: int, stride: int = 1, padding: str = "same") -> None:
        """Convolve with square kernels."""
        height, width, depth = self._shape
        target = (*_extents(self._shape, kernel, stride, padding), filters)
        taps, values = kernel * kernel, kernel * kernel * depth
        is_point = kernel == stride == 1
        is_one = target[:2] == (1, 1) and (height, width) == (kernel, kernel)
        self._add(
            "CONV_2D",
            target,
            kernel=_DENSE if is_one else _CONV,
            taps=taps,
            window=values,
            weight_bytes=(values + 4) * filters,
            scratch_bytes=(
                fully_connected.scratch_bytes(values) if is_one else conv2d.scratch_bytes(values, is_point=is_point)
            ),
            in_place=is_point,
        )

    def depthwise_conv2d(self, kernel: int, stride: int = 1, padding: str = "same") -> None:
        """Convolve each channel by itself."""
        channels, taps = self._shape[2], kernel * kernel
        target = (*_extents(self._shape, kernel, stride, padding), channels)
        window = _window(self._shape, target, kernel, stride, padding)
        is_3x3 = kernel == 3 and stride <= 2 and channels >= _CHANNELS_OF_3X3 and (stride == 2 or target[1] >= 2)
        self._add(
            "DEPTHWISE_CONV_2D",
            target,
            kernel="mt_depthwise_conv2d_3x3" if is_3x3 else "mt_depthwise_conv2d",
            taps=taps,
            window=taps,
            weight_bytes=(taps + 4) * channels,
            scratch_bytes=(
                depthwise_conv2d.scratch_bytes_3x3(target[1], stride)
                if is_3x3
                else depthwise_conv2d.scratch_bytes_any(window, target[1])
            ),
            in_place=is_3x3 or depthwise_conv2d.follows((1, *self._shape), (1, *target), window),
        )

    def max_pool(self, size: int, stride: int, padding: str = "valid") -> None:
        """Take the largest of each window."""
        self._pool("MAX_POOL_2D", size, stride, padding)

    def average_pool(self, size: int, stride: int, padding: str = "valid") -> None:
        """Average each window."""
        self._pool("AVERAGE_POOL_2D", size, stride, padding)

    def global_average(self) -> None:
        """Average every channel over all positions."""
        self._add("MEAN", (self._shape[-1],))

    def flatten(self) -> None:
        """Look at the same memory in another way: no layer runs."""
        self._shape = (prod(self._shape),)

    def dense(self, units: int) -> None:
        """Connect everything with each of the units."""
        depth = prod(self._shape)
        weight_bytes, scratch_bytes = (depth + 4) * units, fully_connected.scratch_bytes(depth)
        self._add(
            "FULLY_CONNECTED",
            (units,),
            kernel=_DENSE,
            window=depth,
            weight_bytes=weight_bytes,
            scratch_bytes=scratch_bytes,
        )

    def softmax(self) -> None:
        """Make probabilities."""
        self._add("SOFTMAX", self._shape, in_place=True)

    def finished(self) -> NetworkShape:
        """Give what was drawn; a dense kernel that would hardly run is done without, as `kernel_choice` does."""
        macs = {kernel: sum(each.macs for each in self._layers if each.kernel == kernel) for kernel in (_DENSE, _CONV)}
        if not macs[_CONV] or macs[_DENSE] > NEGLIGIBLE_SHARE * sum(layer.macs for layer in self._layers):
            return NetworkShape(tuple(self._layers))
        layers = [replace(layer, kernel=_CONV) if layer.kernel == _DENSE else layer for layer in self._layers]
        return NetworkShape(tuple(layers))

    def _pool(self, operator: str, size: int, stride: int, padding: str) -> None:
        target = (*_extents(self._shape, size, stride, padding), self._shape[2])
        self._add(operator, target, taps=size * size, window=size * size)

    def _add(
        self,
        operator: str,
        target: tuple[int, ...],
        *,
        kernel: str = "",
        taps: int = 1,
        window: int = 0,
        weight_bytes: int = 0,
        scratch_bytes: int = 0,
        in_place: bool = False,
    ) -> None:
        source_bytes, target_bytes = prod(self._shape), prod(target)
        shares = in_place and target_bytes <= source_bytes
        self._layers.append(
            LayerShape(
                operator,
                source_bytes,
                target_bytes,
                self._buffer_bytes + scratch_bytes + (0 if shares else target_bytes),
                kernel,
                taps,
                target_bytes * window if weight_bytes else 0,
                window,
                target_bytes // target[-1],
                weight_bytes,
            )
        )
        self._shape = target
        if not shares:
            self._buffer_bytes = target_bytes


def _window(shape: tuple[int, ...], target: tuple[int, ...], kernel: int, stride: int, padding: str) -> Window:
    pads = [same_padding(*each, kernel, stride) if padding == "same" else 0 for each in zip(shape, target, strict=True)]
    return Window(kernel, kernel, stride, stride, 1, 1, pads[0], pads[1])


def _extents(shape: tuple[int, ...], kernel: int, stride: int, padding: str) -> tuple[int, int]:
    """Give an output's height and width, as TensorFlow defines `same` and `valid`."""
    lefts = [extent if padding == "same" else extent - kernel + 1 for extent in shape[:2]]
    if min(lefts) < 1:
        raise ValueError(f"a window of {kernel} does not fit into {shape[0]} x {shape[1]}")
    return -(-lefts[0] // stride), -(-lefts[1] // stride)
