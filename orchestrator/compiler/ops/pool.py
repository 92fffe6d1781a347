"""AVERAGE_POOL_2D and MAX_POOL_2D: input and output share one scale."""

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.window import shape_fields, window_of
from orchestrator.compiler.quantise import output_range
from orchestrator.compiler.step import Field, Step

_KERNELS = {"AVERAGE_POOL_2D": "mt_average_pool_s8", "MAX_POOL_2D": "mt_max_pool_s8"}
_LARGEST_WINDOW = 4096


def lower(operator: Operator) -> Step:
    """Lower to `mt_average_pool_s8` or `mt_max_pool_s8`."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source, target)
    height, width = operator.int_option("FilterHeight"), operator.int_option("FilterWidth")
    window = window_of(operator, height, width)
    operator.require(height * width <= _LARGEST_WINDOW, f"window of more than {_LARGEST_WINDOW} values")
    operator.require(source.shape[3] == target.shape[3], "input and output must have the same channels")
    operator.require_same_values(source)
    leaves = output_range(operator.text_option("FusedActivationFunction"), target.scale, target.zero_point)
    fields: dict[str, Field] = {
        "input": shape_fields(source),
        "output": shape_fields(target),
        "window": window.fields(),
        "lowest": leaves.lowest,
        "highest": leaves.highest,
    }
    return Step(operator, params=("mt_pool", fields), call=_KERNELS[operator.name] + "(&{params}, {in0}, {out});")
