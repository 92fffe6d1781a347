"""Functions of two int8 values: ADD, SUB, MUL, MAXIMUM, MINIMUM, SQUARED_DIFFERENCE, PRELU, with any broadcasting.

What depends on one tensor alone (a scalar constant as the other operand, or both the same) is a table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from orchestrator.compiler.graph import Operator, Tensor
from orchestrator.compiler.ops.broadcast import broadcast_step
from orchestrator.compiler.ops.lookup import lookup_step
from orchestrator.compiler.quantise import INT8_MAX, INT8_MIN, OutputRange, Scale, output_range, requantise, scale_for
from orchestrator.compiler.step import Field, Step

_SUM_BITS = 20  # extra bits that an addition carries (specification of ADD)
_SQUARE_BITS = 7
_COMPARED_BITS = 8


@dataclass(frozen=True)
class Binary:
    """A function of two stored values.

    Attributes:
        struct: its C parameters; `fields` are those that do not depend on shapes.
        stored: the same function on the host, not clamped.
        swapped: the function of the operands in the other order, None where that is another one altogether.
    """

    kernel: str
    struct: str
    fields: Mapping[str, Field]
    stored: Callable[[int, int], int]
    leaves: OutputRange
    swapped: Mapping[str, Field] | None


def lower_add(operator: Operator) -> Step:
    """Lower to `mt_add_s8`."""
    a, b = _operands(operator)
    common = 2.0 * max(a.scale, b.scale)
    scales = _sum_scales(a.scale / common, b.scale / common, common / ((1 << _SUM_BITS) * operator.output.scale))
    return _lower(operator, _weighted("mt_add", "mt_add", operator, scales, {}, lambda x, y: x + y))


def lower_sub(operator: Operator) -> Step:
    """Lower to `mt_sub_s8`; the reference folds the scales in single precision."""
    a, b = _operands(operator)
    one = np.float32
    common = one(2) * max(one(a.scale), one(b.scale))
    ratios = one(a.scale) / common, one(b.scale) / common, common / (one(1 << _SUM_BITS) * one(operator.output.scale))
    scales = _sum_scales(*(float(ratio) for ratio in ratios))
    return _lower(operator, _weighted("mt_sub", "mt_sub", operator, scales, {"sign": 1}, lambda x, y: x - y))


def lower_squared_difference(operator: Operator) -> Step:
    """Lower to `mt_squared_difference_s8`."""
    a, b = _operands(operator)
    common = 2.0 * max(a.scale, b.scale)
    scale = common * common / ((1 << (2 * _SQUARE_BITS)) * operator.output.scale)
    unit = 255 << _SQUARE_BITS
    scale_a, scale_b = scale_for(a.scale / common, unit), scale_for(b.scale / common, unit)
    largest = requantise(_reach(a) << _SQUARE_BITS, scale_a) + requantise(_reach(b) << _SQUARE_BITS, scale_b)
    scales = _shifted(scale_a, _SQUARE_BITS), _shifted(scale_b, _SQUARE_BITS), scale_for(scale, largest * largest)
    kernel = "mt_squared_difference"
    return _lower(operator, _weighted(kernel, "mt_sub", operator, scales, {"sign": 1}, lambda x, y: (x - y) ** 2))


def _reach(tensor: Tensor) -> int:
    """Give the largest magnitude of a stored value less its zero point."""
    return max(INT8_MAX - tensor.zero_point, tensor.zero_point - INT8_MIN)


def _sum_scales(ratio_a: float, ratio_b: float, ratio: float) -> tuple[Scale, Scale, Scale]:
    largest = 255 << _SUM_BITS
    scale_a, scale_b = (_shifted(scale_for(part, largest), _SUM_BITS) for part in (ratio_a, ratio_b))
    return scale_a, scale_b, scale_for(ratio, largest)


def _shifted(scale: Scale, bits: int) -> Scale:
    return Scale(scale.multiplier, scale.left + bits, scale.right)


def _weighted(
    kernel: str, struct: str, operator: Operator, scales: tuple[Scale, Scale, Scale], sign: Mapping[str, Field],
    join: Callable[[int, int], int],
) -> Binary:  # fmt: skip
    """Give the function that scales both operands, joins them and scales the result."""
    a, b = _operands(operator)
    leaves = _range_of(operator)
    scale_a, scale_b, scale = scales
    names = ("zero_point_a", "zero_point_b", "scale_a", "scale_b")
    straight = (a.zero_point, b.zero_point, scale_a.fields(), scale_b.fields())
    crossed = (b.zero_point, a.zero_point, scale_b.fields(), scale_a.fields())
    last: dict[str, Field] = {"scale": scale.fields(), "output": leaves.fields()}

    def stored(x: int, y: int) -> int:
        joined = join(requantise(x - a.zero_point, scale_a), requantise(y - b.zero_point, scale_b))
        return requantise(joined, scale) + leaves.zero_point

    fields: dict[str, Field] = {**dict(zip(names, straight, strict=True)), **last, **sign}
    swapped: dict[str, Field] = {**dict(zip(names, crossed, strict=True)), **last, **dict.fromkeys(sign, -1)}
    return Binary(kernel, struct, fields, stored, leaves, swapped)


def lower_mul(operator: Operator) -> Step:
    """Lower to `mt_mul_s8`."""
    a, b = _operands(operator)
    scale = scale_for(a.scale * b.scale / operator.output.scale, 255 * 255)
    leaves = _range_of(operator)
    last: dict[str, Field] = {"scale": scale.fields(), "output": leaves.fields()}

    def stored(x: int, y: int) -> int:
        return requantise((x - a.zero_point) * (y - b.zero_point), scale) + leaves.zero_point

    fields: dict[str, Field] = {"zero_point_a": a.zero_point, "zero_point_b": b.zero_point, **last}
    swapped: dict[str, Field] = {"zero_point_a": b.zero_point, "zero_point_b": a.zero_point, **last}
    return _lower(operator, Binary("mt_mul", "mt_mul", fields, stored, leaves, swapped))


def lower_extreme(operator: Operator) -> Step:
    """Lower MAXIMUM and MINIMUM, which compare stored values: all tensors share one scale."""
    a, b = _operands(operator)
    operator.require_same_values(a, b)
    leaves = OutputRange(operator.output.zero_point, INT8_MIN, INT8_MAX)
    function = {"MAXIMUM": max, "MINIMUM": min}[operator.name]
    return _lower(operator, Binary(f"mt_{operator.name.lower()}", "mt_repeat", {}, function, leaves, {}))


def lower_prelu(operator: Operator) -> Step:
    """Lower to `mt_prelu_s8`; the second operand is the slope below zero."""
    a, b = _operands(operator)
    above = scale_for(a.scale / operator.output.scale, 255)
    below = scale_for(a.scale * b.scale / operator.output.scale, 255 * 255)
    leaves = OutputRange(operator.output.zero_point, INT8_MIN, INT8_MAX)

    def stored(x: int, y: int) -> int:
        value = x - a.zero_point
        scaled = requantise(value, above) if value >= 0 else requantise(value * (y - b.zero_point), below)
        return scaled + leaves.zero_point

    fields: dict[str, Field] = {
        "zero_point_a": a.zero_point,
        "zero_point_b": b.zero_point,
        "scale": above.fields(),
        "scale_below": below.fields(),
        "output": leaves.fields(),
    }
    return _lower(operator, Binary("mt_prelu", "mt_prelu", fields, stored, leaves, None))


_HOLDS = {"LESS": 0b001, "EQUAL": 0b010, "GREATER": 0b100}
_HOLDS |= {"LESS_EQUAL": 0b011, "GREATER_EQUAL": 0b110, "NOT_EQUAL": 0b101}
_SWAPPED = {0b001: 0b100, 0b100: 0b001, 0b011: 0b110, 0b110: 0b011}
_TRUTH = OutputRange(0, 0, 1)


def lower_compare(operator: Operator) -> Step:
    """Lower comparisons of real values to `mt_compare_s8`; truth is a byte."""
    a, b, holds = operator.input(0), operator.input(1), _HOLDS[operator.name]
    operator.require_int8(a, b)
    operator.require(operator.output.dtype == "bool", f"the output must be bool, but is {operator.output.dtype}")
    operator.require(max(a.scale, b.scale) < 1.0, "needs scales below 1")
    scale_a, scale_b = (_shifted(scale_for(t.scale, 255 << _COMPARED_BITS), _COMPARED_BITS) for t in (a, b))
    names = ("zero_point_a", "zero_point_b", "scale_a", "scale_b", "holds")

    def stored(x: int, y: int) -> int:
        difference = requantise(x - a.zero_point, scale_a) - requantise(y - b.zero_point, scale_b)
        return holds >> (1 + (difference > 0) - (difference < 0)) & 1

    straight: tuple[Field, ...] = (a.zero_point, b.zero_point, scale_a.fields(), scale_b.fields(), holds)
    swapped = _SWAPPED.get(holds, holds)
    crossed: tuple[Field, ...] = (b.zero_point, a.zero_point, scale_b.fields(), scale_a.fields(), swapped)
    fields, others = (dict(zip(names, values, strict=True)) for values in (straight, crossed))
    return _lower(operator, Binary("mt_compare", "mt_compare", fields, stored, _TRUTH, others))


def lower_logical(operator: Operator) -> Step:
    """Lower LOGICAL_AND and LOGICAL_OR, the smaller and the larger of two bytes of truth."""
    for tensor in (operator.input(0), operator.input(1), operator.output):
        operator.require(tensor.dtype == "bool", f"needs bool, but '{tensor.name}' is {tensor.dtype}")
    kernel, function = {"LOGICAL_AND": ("mt_minimum", min), "LOGICAL_OR": ("mt_maximum", max)}[operator.name]
    return _lower(operator, Binary(kernel, "mt_repeat", {}, function, _TRUTH, {}))


def _operands(operator: Operator) -> tuple[Tensor, Tensor]:
    a, b = operator.input(0), operator.input(1)
    operator.require_int8(a, b, operator.output)
    return a, b


def _range_of(operator: Operator) -> OutputRange:
    activation = str(operator.options.get("FusedActivationFunction", "NONE"))
    return output_range(activation, operator.output.scale, operator.output.zero_point)


def _lower(operator: Operator, binary: Binary) -> Step:
    table = _unary(operator, binary)
    if table is not None:
        position, stored = table
        clamped = _clamped(stored, binary.leaves)
        return lookup_step(operator, clamped, position)
    return broadcast_step(operator, f"{binary.kernel}_s8", binary.struct, binary.fields, binary.swapped)


def _clamped(stored: Callable[[int], int], leaves: OutputRange) -> Callable[[int], int]:
    """Give the function with its results clamped to the range that the fused activation leaves."""
    return lambda value: min(max(stored(value), leaves.lowest), leaves.highest)


def _unary(operator: Operator, binary: Binary) -> tuple[int, Callable[[int], int]] | None:
    """Give the operand and the function of it, if the result depends on one stored value alone."""
    a, b = operator.input(0), operator.input(1)
    function = binary.stored
    if a.data is None and a.index == b.index:
        return 0, lambda value: function(value, value)
    if a.data is None and b.data is not None and b.elements == 1 and a.elements == operator.output.elements:
        constant = int(b.data.reshape(-1)[0])
        return 0, lambda value: function(value, constant)
    if b.data is None and a.data is not None and a.elements == 1 and b.elements == operator.output.elements:
        constant = int(a.data.reshape(-1)[0])
        return 1, lambda value: function(constant, value)
    return None
