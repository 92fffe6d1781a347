"""QUANTIZE and DEQUANTIZE: where a network takes or gives float32 or int8, or changes the scale of an int16."""

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.int16.factor import factor_for
from orchestrator.compiler.ops.int16.slopes import LARGEST_VALUE, slopes_step
from orchestrator.compiler.step import Step

_LARGEST_BYTE = 255


def lower_quantize(operator: Operator) -> Step:
    """Lower float32 to int16, int16 to int16, and int16 to and from int8."""
    source, target = operator.input(0), operator.output
    _require_equal_count(operator)
    count = target.elements
    match source.dtype, target.dtype:
        case "float32", "int16":
            operator.require_int16(target)
            call = f"mt_quantize_f32_s16({target.scale!r}f, {count}, (const void *)({{in0}}), (void *)({{out}}));"
            return Step(operator, call=call)
        case "int16", "int16":
            factor = factor_for(operator, source.scale / target.scale, LARGEST_VALUE)
            return slopes_step(operator, factor, factor)
        case "int16", "int8":
            operator.require_int16(source)
            operator.require_int8(target)
            factor = factor_for(operator, source.scale / target.scale, LARGEST_VALUE)
            arguments = f"{factor.initialiser()}, {target.zero_point}, {count}, (const void *)({{in0}}), {{out}}"
            return Step(operator, call=f"mt_requantize_s16_s8({arguments});", shares=(0,))
        case "int8", "int16":
            operator.require_int8(source)
            operator.require_int16(target)
            factor = factor_for(operator, source.scale / target.scale, _LARGEST_BYTE)
            arguments = f"{factor.initialiser()}, {source.zero_point}, {count}, {{in0}}, (void *)({{out}})"
            return Step(operator, call=f"mt_requantize_s8_s16({arguments});")
    raise operator.unsupported(f"{source.dtype} to {target.dtype}; int16 goes with float32, int8 and int16")


def lower_dequantize(operator: Operator) -> Step:
    """Lower int16 to float32 to `mt_dequantize_s16_f32`."""
    source, target = operator.input(0), operator.output
    operator.require_int16(source)
    _require_equal_count(operator)
    operator.require(target.dtype == "float32", f"needs a float32 output, but got {target.dtype}")
    arguments = f"{source.scale!r}f, {source.elements}, (const void *)({{in0}}), (void *)({{out}})"
    return Step(operator, call=f"mt_dequantize_s16_f32({arguments});")


def _require_equal_count(operator: Operator) -> None:
    source, target = operator.input(0), operator.output
    operator.require(source.data is None, "the input must be computed at run time")
    operator.require(source.elements == target.elements, f"{source.elements} inputs, {target.elements} outputs")
