"""Weights, biases and factors of the output channels of 16x8 convolutions (`mt_channel_s16`).

The type of the bias decides the arithmetic: int64, or none, means sums of 64 bits that are rounded once; int32 means
sums of 32 bits that are rounded as in 8-bit networks.
"""

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.int16.factor import LOWEST_SHIFT, Factor
from orchestrator.compiler.quantise import quantise_multiplier
from orchestrator.compiler.step import Array

_CHANNEL_TYPE = np.dtype([("low", "u4"), ("high", "i4"), ("multiplier", "u4"), ("left", "u1"), ("right", "u1")])
_FRACTION_BITS = 15  # of the multiplier of a 64-bit sum
_WORD_BITS = 32
_LARGEST_VALUE = 1 << 15
_LARGEST_PRODUCT = 1 << 62


def weights_of(operator: Operator, axis: int, rank: int) -> NDArray[np.int8]:
    """Give the constant int8 weights, input 1, checked; `axis` counts output channels."""
    weights = operator.constant(1)
    operator.require(weights.dtype == np.int8, f"int16 activations need int8 weights, but they are {weights.dtype}")
    operator.require(weights.ndim == rank, f"needs weights of {rank} dimensions, but got {weights.ndim}")
    quantisation = operator.input(1).quantisation
    if quantisation is None:
        raise operator.unsupported("the weights carry no scale")
    operator.require(not any(quantisation.zero_points), "the zero point of weights must be 0")
    per_axis = len(quantisation.scales) > 1
    operator.require(not per_axis or quantisation.axis == axis, f"weights must be quantised along axis {axis}")
    return weights.astype(np.int8)


def is_narrow(operator: Operator) -> bool:
    """Whether sums have 32 bits."""
    bias = operator.optional_input(2)
    if bias is None:
        return operator.options.get("QuantizedBiasType") == "INT32"
    return bias.dtype == "int32"


def channels_array(operator: Operator, rows: NDArray[np.int8], ratios: NDArray[np.float64], count: int) -> Array:
    """Give the constants of `rows`, the weights as [output channel, weight], filled up to `count` channels.

    `ratios` are input scale * weight scale / output scale: one for each output channel, or one for all.
    """
    narrow = is_narrow(operator)
    bias = _bias(operator, len(rows))
    reach = np.abs(rows.astype(np.int64)).sum(axis=1) * _LARGEST_VALUE
    table = np.zeros(count, _CHANNEL_TYPE)
    for row, ratio, value, sum_ in zip(table, np.broadcast_to(ratios, len(rows)), bias, reach, strict=False):
        if narrow:
            factor = Factor.of_shifted(*quantise_multiplier(float(ratio), LOWEST_SHIFT))
        else:
            factor = _wide(operator, float(ratio), int(abs(value) + sum_))
        row["low"], row["high"] = int(value) & 0xFFFFFFFF, int(value) >> 32
        row["multiplier"], row["left"], row["right"] = factor.multiplier, factor.left, factor.right
    return Array("channels", "mt_channel_s16", table, is_weights=True)


def _wide(operator: Operator, ratio: float, largest_sum: int) -> Factor:
    """Give the factor of a 64-bit sum: the upper 15 bits of the multiplier, moved so that 32 bits or more are cut."""
    multiplier, shift = quantise_multiplier(ratio, LOWEST_SHIFT)
    operator.require(shift <= 0, f"input scale * weight scale / output scale must be < 1, but is {ratio}")
    reduced = min((multiplier + (1 << 15)) >> 16, (1 << _FRACTION_BITS) - 1)
    cut = _FRACTION_BITS - shift
    factor = Factor(reduced << max(_WORD_BITS - cut, 0), 0, max(cut - _WORD_BITS, 0))
    fits = factor.right == 0 or largest_sum * factor.multiplier < _LARGEST_PRODUCT
    operator.require(fits, f"sums of up to {largest_sum} leave 64 bits when scaled")
    return factor


def _bias(operator: Operator, count: int) -> NDArray[np.int64]:
    if operator.optional_input(2) is None:
        return np.zeros(count, np.int64)
    bias = operator.constant(2)
    fits = bias.dtype in (np.int32, np.int64) and bias.size == count
    operator.require(fits, f"needs an int64 or int32 bias of {count} values, but got {bias.dtype} {list(bias.shape)}")
    return bias.reshape(-1).astype(np.int64)
