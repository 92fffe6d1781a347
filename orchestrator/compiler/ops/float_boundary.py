"""QUANTIZE and DEQUANTIZE: where a network takes or gives float32 or uint8, or changes the scale.

A stored uint8 and the int8 of the same bits are 256 apart or equal, so that the table of `mt_lookup_s8` serves both.
"""

import numpy as np

from orchestrator.compiler.graph import Operator, Tensor
from orchestrator.compiler.quantise import Scale, requantise
from orchestrator.compiler.step import Array, Step

_BYTES = ("int8", "uint8")


def lower_quantize(operator: Operator) -> Step:
    """Lower float32 to int8 to `mt_quantize_f32_s8`; between 8-bit types it is a table."""
    source, target = operator.input(0), operator.output
    operator.require(source.elements == target.elements, f"{source.elements} inputs, {target.elements} outputs")
    operator.require(source.data is None, "the input must be computed at run time")
    if source.dtype in _BYTES and target.dtype in _BYTES:
        return _lower_bytes(operator)
    operator.require(source.dtype == "float32", f"needs float32, int8 or uint8, but got {source.dtype}")
    operator.require_int8(target)
    call = f"mt_quantize_f32_s8({target.scale!r}f, {target.zero_point}, {target.elements}, (void *){{in0}}, {{out}});"
    return Step(operator, call=call)


def lower_dequantize(operator: Operator) -> Step:
    """Lower int8 or uint8 to float32 to `mt_dequantize_s8_f32`."""
    source, target = operator.input(0), operator.output
    operator.require(source.elements == target.elements, f"{source.elements} inputs, {target.elements} outputs")
    operator.require(source.data is None, "the input must be computed at run time")
    operator.require(source.dtype in _BYTES, f"needs int8 or uint8, but got {source.dtype}")
    operator.require(target.dtype == "float32", f"needs a float32 output, but got {target.dtype}")
    count = source.elements
    if source.dtype == "int8":
        call = f"mt_dequantize_s8_f32({source.scale!r}f, {source.zero_point}, {count}, {{in0}}, (void *){{out}});"
        return Step(operator, call=call)
    table = np.array([value - 128 for value in _bytes_of(source)], np.int8)
    call = (
        f"mt_lookup_s8({{table}}, {count}, {{in0}}, {{scratch}});\n"
        f"mt_dequantize_s8_f32({source.scale!r}f, {source.zero_point - 128}, {count}, {{scratch}}, (void *){{out}});"
    )
    return Step(operator, call=call, arrays=(Array("table", "int8_t", table, is_weights=False),), scratch_bytes=count)


def _lower_bytes(operator: Operator) -> Step:
    source, target = operator.input(0), operator.output
    operator.require(source.scale > 0.0 and target.scale > 0.0, "scales must be > 0")
    scale = Scale.of(source.scale / target.scale)
    limits = np.iinfo(target.dtype)
    values = [requantise(value - source.zero_point, scale) + target.zero_point for value in _bytes_of(source)]
    table = np.clip(values, limits.min, limits.max).astype(target.dtype).view(np.int8)
    return Step(
        operator,
        call=f"mt_lookup_s8({{table}}, {target.elements}, {{in0}}, {{out}});",
        arrays=(Array("table", "int8_t", table, is_weights=False),),
        shares=(0,),
    )


def _bytes_of(tensor: Tensor) -> list[int]:
    """Give all stored values, in the order of the int8 that have the same bits: from -128 to 127."""
    return [int(value) for value in np.arange(-128, 128).astype(np.int8).view(tensor.dtype)]
