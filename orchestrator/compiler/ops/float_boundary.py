"""QUANTIZE and DEQUANTIZE: where a network takes or gives float32."""

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.lookup import lower_requantise
from orchestrator.compiler.step import Step


def lower_quantize(operator: Operator) -> Step:
    """Lower float32 to int8 to `mt_quantize_f32_s8`; from int8 it is a table."""
    source, target = operator.input(0), operator.output
    if source.dtype == "int8":
        return lower_requantise(operator)
    operator.require(source.dtype == "float32", f"needs float32 or int8, but got {source.dtype}")
    operator.require_int8(target)
    call = f"mt_quantize_f32_s8({target.scale!r}f, {target.zero_point}, {target.elements}, (void *){{in0}}, {{out}});"
    return Step(operator, call=call)


def lower_dequantize(operator: Operator) -> Step:
    """Lower int8 to float32 to `mt_dequantize_s8_f32`."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source)
    operator.require(target.dtype == "float32", f"needs a float32 output, but got {target.dtype}")
    call = f"mt_dequantize_s8_f32({source.scale!r}f, {source.zero_point}, {source.elements}, {{in0}}, (void *){{out}});"
    return Step(operator, call=call)
