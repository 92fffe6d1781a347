"""SOFTMAX of int16: exponentials and the reciprocal of their sum from two tables that no network changes."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.int16.factor import INT16_MAX, INT16_MIN, factor_for
from orchestrator.compiler.quantise import round_half_away
from orchestrator.compiler.step import Array, Field, Reference, Step

_OUTPUT_SCALE = 1 / 32768
_TOLERANCE = 0.001  # of the output's scale
_RANGE = 10.0  # e**-10 counts for nothing
_STEPS = 512
_DIFFERENCES = 65535


def lower(operator: Operator) -> Step:
    """Lower to `mt_softmax_s16`."""
    source, target = operator.input(0), operator.output
    operator.require_int16(source, target)
    operator.require(source.data is None, "the input must be computed at run time")
    fits = abs(target.scale - _OUTPUT_SCALE) <= _TOLERANCE * _OUTPUT_SCALE
    operator.require(fits, f"the output's scale must be 1/32768, but is {target.scale}")
    operator.require(source.shape == target.shape and bool(source.shape), "input and output must have the same shape")
    depth = source.shape[-1]
    rows = source.elements // depth
    operator.require(max(depth, rows) <= 65535, f"rows and depth must be <= 65535, but got {rows} and {depth}")
    real = source.scale * float(operator.options["Beta"]) / (_RANGE / _DIFFERENCES)
    fields: dict[str, Field] = {
        "exponentials": Reference("exponentials"),
        "reciprocals": Reference("reciprocals"),
        "rows": rows,
        "depth": depth,
        "factor": factor_for(operator, real, _DIFFERENCES).fields(),
    }
    return Step(
        operator,
        params=("mt_softmax_s16_layer", fields),
        call="mt_softmax_s16(&{params}, (const void *)({in0}), (void *)({out}));",
        arrays=(
            Array("exponentials", "int16_t", tabulated(_exponential, _RANGE, INT16_MAX), is_weights=False),
            Array("reciprocals", "int16_t", tabulated(_reciprocal, 1.0, INT16_MIN), is_weights=False),
        ),
        shares=(0,),
    )


def _exponential(value: np.float32) -> np.float32:
    return np.float32(math.exp(value))


def _reciprocal(value: np.float32) -> np.float32:
    return np.float32(1.0) / (np.float32(1.0) + value)


def tabulated(function: Callable[[np.float32], np.float32], width: float, zero_point: int) -> NDArray[np.int16]:
    """Give a function of a range of this width at 513 places, with 15 fractional bits.

    `zero_point` is where the argument 0 lies among the int16. The reference moves each value by half of what a straight
    line misses in the middle, and computes in single precision.
    """
    one = np.float32
    scale, inverse = one(width) / one(_DIFFERENCES), _inverse_output_scale()
    first, last = scale * one(INT16_MIN - zero_point), scale * one(INT16_MAX - zero_point)
    step = (last - first) / one(_STEPS)
    half = step / one(2)
    values = []
    for i in range(_STEPS):
        here = function(first + one(i) * step) * inverse
        middle = function(first + one(i) * step + half) * inverse
        following = function(first + one(i + 1) * step) * inverse
        on_the_line = _rounded((following + _rounded(here)) / one(2))
        values.append(_rounded(here) - _rounded((on_the_line - _rounded(middle)) / one(2)))
    values.append(_rounded(function(last) * inverse))
    return np.clip(np.array(values), INT16_MIN, INT16_MAX).astype(np.int16)


def _inverse_output_scale() -> np.float32:
    """Give how many steps of the output's 65536 make a real 1, from a scale of 2 / 65535."""
    one = np.float32
    scale = one(2.0) / one(_DIFFERENCES)
    return one(_DIFFERENCES + 1) / (scale * one(INT16_MAX) - scale * one(INT16_MIN))


def _rounded(value: np.float32) -> np.float32:
    return np.float32(round_half_away(float(value)))
