"""Functions of two int16 values: ADD, SUB, MUL, SQUARED_DIFFERENCE, MAXIMUM, MINIMUM, PRELU, with any broadcasting."""

from collections.abc import Mapping

from orchestrator.compiler.graph import Operator, Tensor
from orchestrator.compiler.ops.broadcast import broadcast_step
from orchestrator.compiler.ops.copy import require_same_values
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
    a, b = _operands(operator)
    common = 2.0 * max(a.scale, b.scale)
    ratios = a.scale / common, b.scale / common, common / ((1 << _SUM_BITS) * operator.output.scale)
    factor_a, factor_b, factor = (Factor.of_shifted(*quantise_multiplier(ratio)) for ratio in ratios)
    operator.require(factor.left == 0, "the output's scale is too small for a sum of the inputs")
    fields = _weighted(operator, _with_sum_bits(factor_a), _with_sum_bits(factor_b), factor, (1, sign_b))
    swapped = _weighted(operator, _with_sum_bits(factor_b), _with_sum_bits(factor_a), factor, (sign_b, 1))
    return broadcast_step(operator, "mt_add_s16", "mt_add_s16_layer", fields, swapped)


def _with_sum_bits(factor: Factor) -> Factor:
    return Factor(factor.multiplier, factor.left + _SUM_BITS, factor.right)


def _weighted(
    operator: Operator, factor_a: Factor, factor_b: Factor, factor: Factor, signs: tuple[int, int]
) -> dict[str, Field]:
    return {
        "factor_a": factor_a.fields(),
        "factor_b": factor_b.fields(),
        "factor": factor.fields(),
        "range": range_fields(operator),
        "sign_a": signs[0],
        "sign_b": signs[1],
    }


def lower_squared_difference(operator: Operator) -> Step:
    """Lower to `mt_squared_difference_s16`."""
    a, b = _operands(operator)
    common = 2.0 * max(a.scale, b.scale)
    factor_a, factor_b = (factor_for(operator, tensor.scale / common, _LARGEST_VALUE) for tensor in (a, b))
    factor = factor_for(operator, common * common / operator.output.scale, _LARGEST_PRODUCT)
    fields = _weighted(operator, factor_a, factor_b, factor, (1, -1))
    swapped = _weighted(operator, factor_b, factor_a, factor, (-1, 1))
    return broadcast_step(operator, "mt_squared_difference_s16", "mt_add_s16_layer", fields, swapped)


def lower_mul(operator: Operator) -> Step:
    """Lower to `mt_mul_s16`."""
    a, b = _operands(operator)
    factor = factor_for(operator, a.scale * b.scale / operator.output.scale, _LARGEST_PRODUCT)
    fields: Mapping[str, Field] = {"factor": factor.fields(), "range": range_fields(operator)}
    return broadcast_step(operator, "mt_mul_s16", "mt_mul_s16_layer", fields, fields)


def lower_extreme(operator: Operator) -> Step:
    """Lower MAXIMUM and MINIMUM, which compare stored values: all tensors share one scale."""
    require_same_values(operator, *_operands(operator))
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
