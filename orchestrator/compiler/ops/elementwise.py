"""ADD and MUL of two tensors, of which one may be a constant or repeat along the leading axes."""

from orchestrator.compiler.graph import Operator, Tensor
from orchestrator.compiler.quantise import Scale, output_range, scale_for
from orchestrator.compiler.step import Array, Field, Step

_SUM_BITS = 20  # extra bits that an addition carries (specification of ADD)


def lower_add(operator: Operator) -> Step:
    """Lower to `mt_add_s8`."""
    a, b = _operands(operator)
    common = 2.0 * max(a.scale, b.scale)
    unit = 1 << _SUM_BITS
    scales: dict[str, Field] = {
        "scale_a": _with_sum_bits(scale_for(a.scale / common, 255 * unit)).fields(),
        "scale_b": _with_sum_bits(scale_for(b.scale / common, 255 * unit)).fields(),
        "scale": scale_for(common / (unit * operator.output.scale), 255 * unit).fields(),
    }
    return _step(operator, "mt_add", a, b, scales)


def lower_mul(operator: Operator) -> Step:
    """Lower to `mt_mul_s8`."""
    a, b = _operands(operator)
    scale = scale_for(a.scale * b.scale / operator.output.scale, 255 * 255)
    return _step(operator, "mt_mul", a, b, {"scale": scale.fields()})


def _with_sum_bits(scale: Scale) -> Scale:
    return Scale(scale.multiplier, scale.left + _SUM_BITS, scale.right)


def _operands(operator: Operator) -> tuple[Tensor, Tensor]:
    """Give the operands, the one that repeats or is a constant second: both operators commute."""
    a, b = operator.input(0), operator.input(1)
    operator.require_int8(a, b, operator.output)
    if a.data is not None or a.elements < b.elements:
        a, b = b, a
    operator.require(a.data is None, "the larger operand must be computed at run time")
    trailing = b.shape
    while trailing and trailing[0] == 1:
        trailing = trailing[1:]
    repeats = trailing == a.shape[len(a.shape) - len(trailing) :]
    operator.require(repeats, f"{list(b.shape)} does not repeat along the leading axes of {list(a.shape)}")
    operator.require(a.elements == operator.output.elements, f"{list(a.shape)} to {list(operator.output.shape)}")
    return a, b


def _step(operator: Operator, struct: str, a: Tensor, b: Tensor, scales: dict[str, Field]) -> Step:
    target, computed = operator.output, operator.activations
    activation = operator.text_option("FusedActivationFunction")
    fields: dict[str, Field] = {
        "count": a.elements,
        "period": b.elements,
        "zero_point_a": a.zero_point,
        "zero_point_b": b.zero_point,
        **scales,
        "output": output_range(activation, target.scale, target.zero_point).fields(),
    }
    first = f"in{computed.index(a)}"
    second = "operand" if b.data is not None else f"in{computed.index(b)}"
    arrays = () if b.data is None else (Array("operand", "int8_t", b.data.reshape(-1), is_weights=True),)
    return Step(
        operator,
        params=(struct, fields),
        call=f"{struct}_s8(&{{params}}, {{{first}}}, {{{second}}}, {{out}});",
        arrays=arrays,
        shares=tuple(range(len(computed))),
    )
