"""HARD_SWISH, x * relu6(x + 3) / 6, as a table: the reference computes it with 16-bit integers."""

import numpy as np

from orchestrator.compiler.fixed_point import divide_by_power
from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.lookup import lookup_step
from orchestrator.compiler.quantise import quantise_multiplier
from orchestrator.compiler.step import Step

_LOWEST, _HIGHEST = -(1 << 15), (1 << 15) - 1
_INPUT_BITS = 7  # extra bits of an input value
_THREE = 1 << 15  # stands for the real 3.0 where the slope begins and ends


def lower(operator: Operator) -> Step:
    """Lower to a table."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source, target)
    one = np.float32
    fine_scale = one(1 / (1 << _INPUT_BITS)) * one(source.scale)
    with np.errstate(over="ignore"):  # an infinite ratio is refused below
        slope, slope_shift = _multiplier(fine_scale / (one(3.0) / one(_THREE)))
        factor, shift = _multiplier(fine_scale / one(target.scale))
    operator.require(shift <= 0, f"an output scale of {target.scale} is too small for an input scale of {source.scale}")

    def stored(value: int) -> int:
        fine = (value - source.zero_point) << _INPUT_BITS
        gate = (_slope(fine, slope, slope_shift) + _THREE) >> 1  # 0 at -3, 2^15 at 3
        product = gate * _multiply(fine, factor)
        towards_zero = abs(product) >> 15
        return divide_by_power(towards_zero if product >= 0 else -towards_zero, -shift) + target.zero_point

    return lookup_step(operator, stored)


def _slope(fine: int, multiplier: int, shift: int) -> int:
    """Scale to where 3.0 is 2^15, saturated."""
    if shift > 0:
        doubled = _multiply(_saturated(fine << (shift - 1)), multiplier)
        return _saturated(doubled << 1)
    return divide_by_power(_multiply(fine, multiplier), -shift)


def _multiplier(real: np.float32) -> tuple[int, int]:
    """Give a multiplier of 15 fractional bits and a shift."""
    multiplier, shift = quantise_multiplier(float(real))
    return min((multiplier + (1 << 15)) >> 16, _HIGHEST), shift


def _multiply(a: int, b: int) -> int:
    """Multiply with 15 fractional bits, rounded half up."""
    return _saturated((a * b + (1 << 14)) >> 15)


def _saturated(value: int) -> int:
    return min(max(value, _LOWEST), _HIGHEST)
