"""SELECT_V2: values of one tensor where a condition holds, of another one elsewhere, with any broadcasting."""

import numpy as np

from orchestrator.compiler.graph import Operator, Tensor
from orchestrator.compiler.ops.loops import looped
from orchestrator.compiler.ops.movement import collapse, constant_inputs, layout
from orchestrator.compiler.step import Step


def lower(operator: Operator) -> Step:
    """Lower to `mt_select_s8`, a call for the innermost axis."""
    condition, *choices = operands = [operator.input(position) for position in range(3)]
    operator.require(condition.dtype == "bool", f"the condition must be bool, but is {condition.dtype}")
    operator.require_same_values(*choices)
    target = operator.output
    operator.require(target.dtype in ("int8", "uint8"), f"needs int8, but '{target.name}' is {target.dtype}")
    try:
        views = np.broadcast_arrays(*(layout(tensor) for tensor in operands))
    except ValueError:
        raise operator.unsupported(f"{_shapes(operands)} do not broadcast") from None
    fits = views[0].shape == target.shape
    operator.require(fits, f"{_shapes(operands)} do not broadcast to {list(target.shape)}")
    steps = zip(target.shape, *(view.strides for view in (*views, layout(target))), strict=True)
    *outer, (count, *inner, _) = collapse([axis for axis in steps if axis[0] != 1]) or [(1, 0, 0, 0, 1)]
    constants, names = constant_inputs(operator, {0, 1, 2})
    arguments = ", ".join(f"{names[i]}{_advance(outer, i + 1)}" for i in range(3))
    call = f"mt_select_s8(&{{params}}, {arguments}, {{out}}{_advance(outer, 4)});"
    fields = dict(zip(("count", "condition_step", "a_step", "b_step"), (count, *inner), strict=True))
    return Step(
        operator, params=("mt_select", fields), call=looped(call, [axis[0] for axis in outer], {}), arrays=constants
    )


def _shapes(tensors: list[Tensor]) -> str:
    return ", ".join(str(list(tensor.shape)) for tensor in tensors)


def _advance(outer: list[tuple[int, ...]], column: int) -> str:
    terms = [f" + {'ijklmn'[depth]} * {axis[column]}" for depth, axis in enumerate(outer) if axis[column]]
    return "".join(terms)
