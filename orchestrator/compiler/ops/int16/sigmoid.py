"""LOGISTIC and TANH of int16: straight lines between 256 values of the logistic function."""

import math

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.step import Array, Field, Reference, Step

_ENTRIES = 256
_ENTRIES_PER_UNIT = 24
_LIMIT = 65535
_UNITS = 3 * (1 << 12)
"""Of the argument in a real 1."""

_LARGEST_MULTIPLIER = (1 << 15) - 1
_MOST_SHIFTS = 31
_NEARLY_WHOLE = 1e-3  # of the logarithm of a scale that counts as a power of two
_EXACT_SHIFTS = {"LOGISTIC": (0,), "TANH": (0, 1)}


def lower(operator: Operator) -> Step:
    """Lower to `mt_logistic_s16` or `mt_tanh_s16`."""
    source, target = operator.input(0), operator.output
    operator.require_int16(source, target)
    operator.require(source.data is None, "the input must be computed at run time")
    operator.require(source.elements == target.elements, f"{source.elements} inputs, {target.elements} outputs")
    operator.require(_power_of_two(target.scale) == -15, f"the output's scale must be 1/32768, but is {target.scale}")
    multiplier, right = _argument_factor(operator, source.scale)
    fields: dict[str, Field] = {
        "table": Reference("table"),
        "count": source.elements,
        "multiplier": multiplier,
        "right": right,
    }
    return Step(
        operator,
        params=("mt_sigmoid_s16_layer", fields),
        call=f"mt_{operator.name.lower()}_s16(&{{params}}, (const void *)({{in0}}), (void *)({{out}}));",
        arrays=(Array("table", "uint16_t", logistic_table(), is_weights=False),),
        shares=(0,),
    )


def _argument_factor(operator: Operator, scale: float) -> tuple[int, int]:
    """Give the factor from stored values to the table's units as `multiplier / 2**right`, cut off as the reference."""
    power = _power_of_two(scale)
    if power is not None and power + 12 in _EXACT_SHIFTS[operator.name]:
        return 3 << (power + 12), 0
    real, right = scale * _UNITS, 0
    while real <= _LARGEST_MULTIPLIER / 2 and right < _MOST_SHIFTS:
        real, right = real * 2, right + 1
    operator.require(real <= _LARGEST_MULTIPLIER, f"an input scale of {scale} is too large")
    return int(real), right


def _power_of_two(scale: float) -> int | None:
    """Give the logarithm to base 2 if it is nearly a whole number."""
    logarithm = math.log2(scale)
    return round(logarithm) if abs(logarithm - round(logarithm)) < _NEARLY_WHOLE else None


def logistic_table() -> NDArray[np.uint16]:
    """Give the logistic function with 16 fractional bits, as far as they go.

    The reference moves each value by half of what a straight line misses in the middle, the last one to the limit.
    """
    values = []
    for i in range(_ENTRIES - 1):
        missed = _logistic(i + 0.5) - (_logistic(i) + _logistic(i + 1)) / 2
        values.append(math.floor(_logistic(i) + missed / 2 + 0.5))
    return np.array([*values, _LIMIT], np.uint16)


def _logistic(position: float) -> float:
    return 65536.0 / (1.0 + math.exp(-position / _ENTRIES_PER_UNIT))
