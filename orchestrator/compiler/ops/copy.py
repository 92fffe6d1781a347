"""PAD and CONCATENATION: bytes moved, no arithmetic."""

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.window import require_image, shape_fields
from orchestrator.compiler.step import Field, Step


def lower_pad(operator: Operator) -> Step:
    """Lower PAD of height, width and channels to `mt_pad_s8`; the padding stands for the real value 0."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source, target)
    require_image(operator, source, target)
    paddings = operator.constant(1).tolist()
    operator.require(len(paddings) == 4 and min(min(pair) for pair in paddings) >= 0, f"paddings are {paddings}")
    expected = [extent + sum(pair) for extent, pair in zip(source.shape, paddings, strict=True)]
    operator.require(expected == list(target.shape), f"output must be {expected}, but got {list(target.shape)}")
    fields: dict[str, Field] = {
        "input": shape_fields(source),
        "output": shape_fields(target),
        "before_height": paddings[1][0],
        "before_width": paddings[2][0],
        "before_channels": paddings[3][0],
        "value": target.zero_point,
    }
    return Step(operator, params=("mt_pad", fields), call="mt_pad_s8(&{params}, {in0}, {out});")


def lower_concatenation(operator: Operator) -> Step:
    """Lower CONCATENATION to one `mt_copy_rows` for each input; all share the output's scale."""
    target = operator.output
    parts = operator.activations
    operator.require(len(parts) == len(operator.inputs), "all inputs must be computed at run time")
    operator.require_int8(target, *parts)
    operator.require(operator.text_option("FusedActivationFunction") == "NONE", "a fused activation")
    axis = operator.int_option("Axis") % max(len(target.shape), 1)
    rows = _product(target.shape[:axis])
    step = target.elements // rows
    calls, offset = [], 0
    for position, part in enumerate(parts):
        same = (part.scale, part.zero_point) == (target.scale, target.zero_point)
        operator.require(same, "inputs and output must have the same scale and zero point")
        count = part.elements // rows
        calls.append(f"mt_copy_rows({rows}, {count}, {step}, {{in{position}}}, {{out}} + {offset});")
        offset += count
    operator.require(offset == step, f"{offset} values for rows of {step}")
    return Step(operator, call="\n".join(calls))


def _product(extents: tuple[int, ...]) -> int:
    product = 1
    for extent in extents:
        product *= extent
    return product
