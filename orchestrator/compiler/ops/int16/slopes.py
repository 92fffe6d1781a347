"""Functions of one int16 value that are straight on both sides of 0, by `mt_slopes_s16`: RELU and its relatives."""

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.int16.factor import INT16_MAX, INT16_MIN, Factor, factor_for, stored_value
from orchestrator.compiler.step import Field, Step

LARGEST_VALUE = 1 << 15


def lower_relu(operator: Operator) -> Step:
    """Lower RELU: scaled, then clamped at 0."""
    factor = factor_for(operator, _ratio(operator), LARGEST_VALUE)
    return slopes_step(operator, factor, factor, lowest=0)


def lower_relu6(operator: Operator) -> Step:
    """Lower RELU6, which the reference takes to leave the scale as it is."""
    operator.require(_ratio(operator) == 1.0, "input and output must have the same scale")
    same = factor_for(operator, 1.0, LARGEST_VALUE)
    return slopes_step(operator, same, same, lowest=0, highest=min(stored_value(operator, 6.0), INT16_MAX))


def lower_leaky_relu(operator: Operator) -> Step:
    """Lower LEAKY_RELU."""
    alpha = float(operator.options["Alpha"])
    operator.require(alpha >= 0.0, f"alpha must be >= 0, but got {alpha}")
    above = factor_for(operator, _ratio(operator), LARGEST_VALUE)
    return slopes_step(operator, above, factor_for(operator, _ratio(operator, alpha), LARGEST_VALUE))


def lower_abs(operator: Operator) -> Step:
    """Lower ABS."""
    factor = factor_for(operator, _ratio(operator), LARGEST_VALUE)
    return slopes_step(operator, factor, factor, sign_below=-1)


def slopes_step(
    operator: Operator, above: Factor, below: Factor, lowest: int = INT16_MIN, highest: int = INT16_MAX,
    sign_below: int = 1,
) -> Step:  # fmt: skip
    """Call `mt_slopes_s16`."""
    source, target = operator.input(0), operator.output
    operator.require_int16(source, target)
    operator.require(source.data is None, "the input must be computed at run time")
    operator.require(source.elements == target.elements, f"{source.elements} inputs, {target.elements} outputs")
    fields: dict[str, Field] = {
        "count": source.elements,
        "factor": above.fields(),
        "factor_below": below.fields(),
        "sign_below": sign_below,
        "range": {"lowest": lowest, "highest": highest},
    }
    call = "mt_slopes_s16(&{params}, (const void *)({in0}), (void *)({out}));"
    return Step(operator, params=("mt_slopes_s16_layer", fields), call=call, shares=(0,))


def _ratio(operator: Operator, factor: float = 1.0) -> float:
    """Give input scale * factor / output scale."""
    operator.require_int16(operator.input(0), operator.output)
    return operator.input(0).scale * factor / operator.output.scale
