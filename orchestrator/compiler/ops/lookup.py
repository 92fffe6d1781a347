"""Functions of one int8 value, tabulated on the host: activations that stand alone, and int8 to int8 QUANTIZE."""

import math
from collections.abc import Callable

import numpy as np

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.quantise import (
    INT8_MAX,
    INT8_MIN,
    Scale,
    output_range,
    requantise,
    round_half_away,
)
from orchestrator.compiler.step import Array, Step

_REAL_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "ELU": lambda value: value if value > 0.0 else math.expm1(value),
    "LOGISTIC": lambda value: 1.0 / (1.0 + math.exp(-value)),
    "TANH": math.tanh,
}


def lower_real(operator: Operator) -> Step:
    """Lower a function that the reference evaluates on real values and then rounds."""
    function, source, target = _REAL_FUNCTIONS[operator.name], operator.input(0), operator.output
    operator.require_int8(source, target)

    def stored(value: int) -> int:
        real = function(source.scale * (value - source.zero_point))
        return round_half_away(float(np.float32(real) / np.float32(target.scale))) + target.zero_point

    return lookup_step(operator, stored)


def lower_relu(operator: Operator) -> Step:
    """Lower RELU: requantised, then clamped at the output's zero."""
    operator.require_int8(operator.input(0), operator.output)
    zero_point = operator.output.zero_point
    rescaled = _rescaled(operator, 1.0)
    return lookup_step(operator, lambda value: max(rescaled(value), zero_point))


def lower_relu6(operator: Operator) -> Step:
    """Lower RELU6, which the reference takes to leave the scale as it is."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source, target)
    same = (source.scale, source.zero_point) == (target.scale, target.zero_point)
    operator.require(same, "input and output must have the same scale and zero point")
    leaves = output_range("RELU6", target.scale, target.zero_point)
    return lookup_step(operator, lambda value: min(max(value, leaves.lowest), leaves.highest))


def lower_leaky_relu(operator: Operator) -> Step:
    """Lower LEAKY_RELU: one factor for values from zero on, another for those below."""
    source = operator.input(0)
    operator.require_int8(source, operator.output)
    alpha = float(operator.options["Alpha"])
    operator.require(alpha >= 0.0, f"alpha must be >= 0, but got {alpha}")
    positive, negative = _rescaled(operator, 1.0), _rescaled(operator, alpha)
    return lookup_step(operator, lambda v: positive(v) if v >= source.zero_point else negative(v))


def lower_requantise(operator: Operator) -> Step:
    """Lower QUANTIZE from int8 to int8: another scale for the same values."""
    operator.require_int8(operator.input(0), operator.output)
    return lookup_step(operator, _rescaled(operator, 1.0))


def lookup_step(operator: Operator, stored: Callable[[int], int]) -> Step:
    """Tabulate a function from stored value to stored value, clamp it to int8 and look it up with `mt_lookup_s8`."""
    values = [min(max(stored(value), INT8_MIN), INT8_MAX) for value in range(INT8_MIN, INT8_MAX + 1)]
    count = operator.output.elements
    operator.require(operator.input(0).elements == count, f"{operator.input(0).elements} inputs, {count} outputs")
    return Step(
        operator,
        call=f"mt_lookup_s8({{table}}, {count}, {{in0}}, {{out}});",
        arrays=(Array("table", "int8_t", np.array(values, np.int8), is_weights=False),),
        shares=(0,),
    )


def _rescaled(operator: Operator, factor: float) -> Callable[[int], int]:
    source, target = operator.input(0), operator.output
    scale = Scale.of(source.scale * factor / target.scale)
    return lambda value: requantise(value - source.zero_point, scale) + target.zero_point
