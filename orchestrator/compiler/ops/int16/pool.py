"""AVERAGE_POOL_2D and MAX_POOL_2D of int16: input and output share one scale."""

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.int16.factor import range_fields
from orchestrator.compiler.ops.window import shape_fields, window_of
from orchestrator.compiler.step import Step

_KERNELS = {"AVERAGE_POOL_2D": "mt_average_pool_s16", "MAX_POOL_2D": "mt_max_pool_s16"}
_LARGEST_WINDOW = 4096


def lower(operator: Operator) -> Step:
    """Lower to `mt_average_pool_s16` or `mt_max_pool_s16`."""
    source, target = operator.input(0), operator.output
    operator.require_int16(source, target)
    operator.require_same_values(source)
    height, width = operator.int_option("FilterHeight"), operator.int_option("FilterWidth")
    window = window_of(operator, height, width)
    operator.require(height * width <= _LARGEST_WINDOW, f"window of more than {_LARGEST_WINDOW} values")
    operator.require(source.shape[3] == target.shape[3], "input and output must have the same channels")
    shapes = {"input": shape_fields(source), "output": shape_fields(target), "window": window.fields()}
    call = f"{_KERNELS[operator.name]}(&{{params}}, (const void *)({{in0}}), (void *)({{out}}));"
    return Step(operator, params=("mt_pool", {**shapes, **range_fields(operator)}), call=call)
