"""Fold what differs from output channel to output channel: bias with the input's zero point, multiplier, shifts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.quantise import OutputRange, Scale, output_range, requantise
from orchestrator.compiler.step import Array, Field

CHANNELS_PER_GROUP = 4

_LARGEST_RIGHT = 22  # 2 * zero point + 1 shifted by it leaves 31 bits
_LARGEST_INPUT = 255  # |stored - zero_point|
_GROUP_TYPE = np.dtype([("bias", "i4", 4), ("multipliers", "i4", 4), ("shifts", "u1", (4, 2))])
_ROWS_TYPE = np.dtype([("bias", "i4", 4), ("multipliers", "i4", 4), ("rights", "u1", 4)])


@dataclass(frozen=True)
class Channels:
    """Folded constants of the output channels.

    Attributes:
        operator: whose they are.
        rows: the weights `[output channel, weight]` that go with them.
        bias: with the input's zero point folded in.
        scales: of the sums.
    """

    operator: Operator
    rows: NDArray[np.int8]
    bias: NDArray[np.int64]
    scales: tuple[Scale, ...]
    output: OutputRange

    @property
    def array(self) -> Array:
        """Bias, multipliers and shifts as an array of `mt_channels`, four channels each."""
        bias, scales = self._filled_up(CHANNELS_PER_GROUP)
        groups = np.zeros(len(scales) // CHANNELS_PER_GROUP, _GROUP_TYPE)
        groups["bias"] = bias.reshape(-1, CHANNELS_PER_GROUP)
        groups["multipliers"] = np.reshape([s.multiplier for s in scales], (-1, CHANNELS_PER_GROUP))
        groups["shifts"] = np.reshape([(s.left, s.right - 1) for s in scales], (-1, CHANNELS_PER_GROUP, 2))
        return Array("channels", "mt_channels", groups, is_weights=True)

    def rows_array(self, rows_per_block: int) -> Array:
        """Give bias, multipliers and shifts as an array of `mt_rows`, whole blocks of rows.

        Raises:
            UnsupportedModelError: a scale of 1/2 or more or below 2^-23, which the kernels for matrices do not take.
        """
        bias, scales = self._filled_up(rows_per_block)
        self.operator.require(all(map(_is_for_matrices, scales)), "a channel has an extreme scale")
        groups = np.zeros(len(scales) // CHANNELS_PER_GROUP, _ROWS_TYPE)
        groups["bias"] = 2 * bias.reshape(-1, CHANNELS_PER_GROUP)
        groups["multipliers"] = np.reshape([s.multiplier for s in scales], (-1, CHANNELS_PER_GROUP))
        groups["rights"] = np.reshape([s.right - 2 for s in scales], (-1, CHANNELS_PER_GROUP))
        return Array("groups", "mt_rows", groups, is_weights=True)

    def _filled_up(self, block: int) -> tuple[NDArray[np.int64], list[Scale]]:
        """Give bias and scales in whole blocks, the last filled up with channels that compute 0."""
        missing = -len(self.scales) % block
        return np.pad(self.bias, (0, missing)), [*self.scales, *[Scale.of(0.25)] * missing]

    def output_fields(self) -> dict[str, Field]:
        """Give the fields of the C struct `mt_bytes_output`."""
        four_times = 0x01010101
        return {
            "offset": _offset(self.output),
            "excess": (255 - (self.output.highest - self.output.lowest)) * four_times,
            "lowest": (self.output.lowest & 255) * four_times,
        }


def _offset(leaves: OutputRange) -> int:
    """Give twice the zero point of bytes whose 255 is the highest value, and one more (see `mt_bytes_output`)."""
    return 2 * (leaves.zero_point + 255 - leaves.highest) + 1


def weights_of(operator: Operator, axis: int) -> NDArray[np.int8]:
    """Give the constant int8 weights, input 1, checked against the specification; `axis` counts output channels.

    Raises:
        UnsupportedModelError: not int8, not symmetric, or outside [-127, 127].
    """
    weights, tensor = operator.constant(1), operator.input(1)
    operator.require(weights.dtype == np.int8, f"needs int8 weights, but they are {weights.dtype}")
    quantisation = tensor.quantisation
    if quantisation is None:
        raise operator.unsupported("the weights carry no scale")
    operator.require(not any(quantisation.zero_points), "the zero point of weights must be 0")
    per_axis = len(quantisation.scales) > 1
    operator.require(not per_axis or quantisation.axis == axis, f"weights must be quantised along axis {axis}")
    operator.require(int(weights.min()) >= -127, "weights must be in [-127, 127], but got -128")
    return weights.astype(np.int8)


def fold_channels(operator: Operator, rows: NDArray[np.int8], ratios: NDArray[np.float64]) -> Channels:
    """Fold the constants of `rows`, the weights as [output channel, weight].

    `ratios` are input scale * weight scale / output scale: one for each output channel, or one for all.
    """
    activation = operator.text_option("FusedActivationFunction")
    leaves = output_range(activation, operator.output.scale, operator.output.zero_point)
    bias = _bias(operator, len(rows))
    reach = np.abs(rows.astype(np.int64)).sum(axis=1) * _LARGEST_INPUT
    scales = [Scale.of(float(ratio)) for ratio in np.broadcast_to(ratios, len(rows))]
    rows = rows.copy()
    for channel in range(len(rows)):
        scale = scales[channel]
        fits = _fits(scale, int(reach[channel] + abs(bias[channel])), leaves)
        if fits and _is_for_matrices(scale):
            continue
        constant = _constant_result(int(bias[channel]), int(reach[channel]), scale, leaves)
        if constant is not None:
            rows[channel], bias[channel], scales[channel] = 0, 4 * constant, Scale.of(0.25)
        elif not fits:
            raise operator.unsupported(f"sums of channel {channel} leave 32 bits")
    folded = bias - operator.input(0).zero_point * rows.astype(np.int64).sum(axis=1)
    operator.require(bool(np.all(np.abs(folded) < 2**31)), "a folded bias leaves 32 bits")
    return Channels(operator, rows, folded, tuple(scales), leaves)


def _fits(scale: Scale, largest_sum: int, leaves: OutputRange) -> bool:
    """Whether every step of `mt_channel_byte` stays within 32 bits for sums up to this magnitude."""
    right = scale.right - 1
    shifted = largest_sum << scale.left
    product = (shifted * scale.multiplier >> 32) + 1
    addend = _offset(leaves) << right
    return shifted < 2**31 and shifted * right <= 2**32 and addend < 2**32 and (addend >> 1) + product < 2**31


def _is_for_matrices(scale: Scale) -> bool:
    """Whether the kernels for matrices take the factor: some shift to the right, and room for the zero point."""
    return scale.left == 1 and 1 <= scale.right - 1 <= _LARGEST_RIGHT


def _constant_result(bias: int, reach: int, scale: Scale, leaves: OutputRange) -> int | None:
    """Give what a channel computes before the zero point is added, if it is the same for every input.

    Converters give dead channels tiny scales and huge biases: their sums would leave 32 bits when shifted.
    """
    ends = [requantise(sum_, scale) + leaves.zero_point for sum_ in (bias - reach, bias + reach)]
    low, high = (min(max(end, leaves.lowest), leaves.highest) for end in ends)
    return low - leaves.zero_point if low == high else None


def channel_ratios(operator: Operator, count: int) -> NDArray[np.float64]:
    """Give input scale * weight scale / output scale, for each output channel or one for all, in double precision."""
    quantisation = operator.input(1).quantisation
    scales = np.array(quantisation.scales if quantisation else (), np.float64)
    operator.require(len(scales) in (1, count), f"{len(scales)} weight scales for {count} output channels")
    return np.asarray(operator.input(0).scale * scales / operator.output.scale, np.float64)


def _bias(operator: Operator, count: int) -> NDArray[np.int64]:
    if operator.optional_input(2) is None:
        return np.zeros(count, np.int64)
    bias = operator.constant(2)
    operator.require(bias.dtype == np.int32 and bias.shape == (count,), f"needs an int32 bias of {count} values")
    return bias.astype(np.int64)
