"""Functions of one int8 value, tabulated on the host: activations that stand alone."""

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
    "EXP": math.exp,
    "GELU": lambda value: value * 0.5 * (1.0 + math.erf(value / math.sqrt(2.0))),
    "LOGISTIC": lambda value: 1.0 / (1.0 + math.exp(-value)),
    "NEG": lambda value: -value,
    "SQUARE": lambda value: value * value,
    "TANH": math.tanh,
}

# The specification fixes the output's scale and zero point of some.
_FIXED_OUTPUTS = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}


def lower_real(operator: Operator) -> Step:
    """Lower a function that the reference evaluates on real values and then rounds."""
    function, source, target = _REAL_FUNCTIONS[operator.name], operator.input(0), operator.output
    operator.require_int8(source, target)
    fixed = _FIXED_OUTPUTS.get(operator.name, (target.scale, target.zero_point))
    same = (target.scale, target.zero_point) == fixed
    operator.require(same, f"the output must have scale {fixed[0]} and zero point {fixed[1]}, but has {target.scale}")

    def stored(value: int) -> int:
        real = function(source.scale * (value - source.zero_point))
        with np.errstate(over="ignore"):
            ratio = float(np.float32(real) / np.float32(target.scale))
        operator.require(math.isfinite(ratio), f"an output scale of {target.scale} is too small for values of {real}")
        return round_half_away(ratio) + target.zero_point

    return lookup_step(operator, stored)


def lower_relu(operator: Operator) -> Step:
    """Lower RELU: requantised, then clamped at the output's zero."""
    operator.require_int8(operator.input(0), operator.output)
    zero_point = operator.output.zero_point
    rescaled = _rescaled(operator, 1.0)
    return lookup_step(operator, lambda value: max(rescaled(value), zero_point))


def lower_relu6(operator: Operator) -> Step:
    """Lower RELU6, which the reference takes to leave the scale as it is."""
    source = operator.input(0)
    operator.require_int8(source, operator.output)
    operator.require_same_values(source)
    leaves = output_range("RELU6", source.scale, source.zero_point)
    return lookup_step(operator, lambda value: min(max(value, leaves.lowest), leaves.highest))


def lower_clamp(operator: Operator) -> Step:
    """Lower RELU_N1_TO_1 and RELU_0_TO_1: requantised, then clamped."""
    operator.require_int8(operator.input(0), operator.output)
    leaves = output_range(operator.name, operator.output.scale, operator.output.zero_point)
    rescaled = _rescaled(operator, 1.0)
    return lookup_step(operator, lambda value: min(max(rescaled(value), leaves.lowest), leaves.highest))


def lower_abs(operator: Operator) -> Step:
    """Lower ABS; the reference folds the ratio of the scales in single precision."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source, target)
    with np.errstate(over="ignore"):  # an infinite ratio is refused
        scale = Scale.of(float(np.float32(source.scale) / np.float32(target.scale)))
    rescaled = (lambda value: value) if source.scale == target.scale else (lambda value: requantise(value, scale))
    return lookup_step(operator, lambda value: rescaled(abs(value - source.zero_point)) + target.zero_point)


def lower_leaky_relu(operator: Operator) -> Step:
    """Lower LEAKY_RELU: one factor for values from zero on, another for those below."""
    source = operator.input(0)
    operator.require_int8(source, operator.output)
    alpha = float(operator.options["Alpha"])
    operator.require(alpha >= 0.0, f"alpha must be >= 0, but got {alpha}")
    positive, negative = _rescaled(operator, 1.0), _rescaled(operator, alpha)
    return lookup_step(operator, lambda v: positive(v) if v >= source.zero_point else negative(v))


def lookup_step(operator: Operator, stored: Callable[[int], int], position: int = 0) -> Step:
    """Tabulate a function from stored value to stored value, clamp it to int8 and look it up with `mt_lookup_s8`.

    `position` is that of the input, the only one that is computed at run time.
    """
    values = [min(max(stored(value), INT8_MIN), INT8_MAX) for value in range(INT8_MIN, INT8_MAX + 1)]
    count = operator.output.elements
    given = operator.input(position)
    operator.require(given.data is None, "the input must be computed at run time")
    operator.require(given.elements == count, f"{given.elements} inputs, {count} outputs")
    return Step(
        operator,
        call=f"mt_lookup_s8({{table}}, {count}, {{in0}}, {{out}});",
        arrays=(Array("table", "int8_t", np.array(values, np.int8), is_weights=False),),
        shares=(0,),
    )


def lower_not(operator: Operator) -> Step:
    """Lower LOGICAL_NOT of bytes of truth."""
    for tensor in (operator.input(0), operator.output):
        operator.require(tensor.dtype == "bool", f"needs bool, but '{tensor.name}' is {tensor.dtype}")
    return lookup_step(operator, lambda value: int(value == 0))


def lower_table(operator: Operator) -> Step:
    """Lower LOOKUP, ours alone: its second input is the table, of bytes or of words."""
    table = operator.constant(1)
    count = operator.output.elements
    operator.require(operator.input(0).elements == count, f"{operator.input(0).elements} inputs, {count} outputs")
    if table.dtype == np.uint32:
        call = f"mt_lookup_s8_words({{table}}, {count}, {{in0}}, (void *){{out}});"
        return Step(operator, call=call, arrays=(Array("table", "uint32_t", table, is_weights=False),))
    call = f"mt_lookup_s8({{table}}, {count}, {{in0}}, {{out}});"
    return Step(operator, call=call, arrays=(Array("table", "int8_t", table, is_weights=False),), shares=(0,))


def _rescaled(operator: Operator, factor: float) -> Callable[[int], int]:
    source, target = operator.input(0), operator.output
    scale = Scale.of(source.scale * factor / target.scale)
    return lambda value: requantise(value - source.zero_point, scale) + target.zero_point
