"""Functions of two int16 values: ADD, SUB, MUL, SQUARED_DIFFERENCE, MAXIMUM, MINIMUM, PRELU, with any broadcasting."""

from collections.abc import Mapping

from orchestrator.compiler.graph import Operator, Tensor
from orchestrator.compiler.ops.broadcast import broadcast_step
from orchestrator.compiler.ops.int16.factor import Factor, factor_for, range_fields
from orchestrator.compiler.quantise import quantise_multiplier
from orchestrator.compiler.step import Field, Step

_SUM_BITS = 15  # extra bits that an addition carries
_LARGEST_VALUE = 1 << 15
_LARGEST_PRODUCT = 1 << 30


def lower_add(operator: Operator) -> Step:
    """Lower to `mt_add_s16`."""
    return _lower_sum(operator, sign_b=1)


def lower_sub(operator: Operator) -> Step:
    """Lower to `mt_add_s16`."""
    return _lower_sum(operator, sign_b=-1)


def _lower_sum(operator: Operator, sign_b: int) -> Step:
    """The operand of the larger scale counts one half by definition; only the other one is scaled."""
    a, b = _operands(operator)
    common = 2.0 * max(a.scale, b.scale)
    larger = 0 if a.scale >= b.scale else 1
    smaller = Factor.of_shifted(*quantise_multiplier(min(a.scale, b.scale) / common))
    total = Factor.of_shifted(*quantise_multiplier(common / ((1 << _SUM_BITS) * operator.output.scale)))
    operator.require(total.left == 0, "the output's scale is too small for a sum of the inputs")
    signs = (1, sign_b)
    fields: dict[str, Field] = {
        "smaller": smaller.fields(),
        "sum": total.fields(),
        "range": range_fields(operator),
        "larger_units": signs[larger] << (_SUM_BITS - 1),
        "sign_smaller": signs[1 - larger],
        "larger": larger,
    }
    return broadcast_step(operator, "mt_add_s16", "mt_add_s16_layer", fields, {**fields, "larger": 1 - larger})


def lower_squared_difference(operator: Operator) -> Step:
    """Lower to `mt_squared_difference_s16`."""
    a, b = _operands(operator)
    common = 2.0 * max(a.scale, b.scale)
    factors = [factor_for(operator, tensor.scale / common, _LARGEST_VALUE).fields() for tensor in (a, b)]
    last: dict[str, Field] = {
        "factor": factor_for(operator, common * common / operator.output.scale, _LARGEST_PRODUCT).fields(),
        "range": range_fields(operator),
    }
    fields: dict[str, Field] = {"factor_a": factors[0], "factor_b": factors[1], **last}
    swapped: dict[str, Field] = {"factor_a": factors[1], "factor_b": factors[0], **last}
    kernel = "mt_squared_difference_s16"
    return broadcast_step(operator, kernel, f"{kernel}_layer", fields, swapped)


def lower_mul(operator: Operator) -> Step:
    """Lower to `mt_mul_s16`."""
    a, b = _operands(operator)
    factor = factor_for(operator, a.scale * b.scale / operator.output.scale, _LARGEST_PRODUCT)
    fields: Mapping[str, Field] = {"factor": factor.fields(), "range": range_fields(operator)}
    return broadcast_step(operator, "mt_mul_s16", "mt_mul_s16_layer", fields, fields)


def lower_extreme(operator: Operator) -> Step:
    """Lower MAXIMUM and MINIMUM, which compare stored values: all tensors share one scale."""
    operator.require_same_values(*_operands(operator))
    return broadcast_step(operator, f"mt_{operator.name.lower()}_s16", "mt_repeat", {}, {})


def lower_prelu(operator: Operator) -> Step:
    """Lower to `mt_prelu_s16`; the second operand is the int8 slope below zero."""
    a, b, target = operator.input(0), operator.input(1), operator.output
    operator.require_int16(a, target)
    operator.require_int8(b)
    largest = _LARGEST_VALUE * max(127 - b.zero_point, b.zero_point + 128)
    fields: dict[str, Field] = {
        "factor": factor_for(operator, a.scale / target.scale, _LARGEST_VALUE).fields(),
        "factor_below": factor_for(operator, a.scale * b.scale / target.scale, largest).fields(),
        "zero_point_b": b.zero_point,
    }
    return broadcast_step(operator, "mt_prelu_s16", "mt_prelu_s16_layer", fields, None)


def _operands(operator: Operator) -> tuple[Tensor, Tensor]:
    a, b = operator.input(0), operator.input(1)
    operator.require_int16(a, b, operator.output)
    return a, b
