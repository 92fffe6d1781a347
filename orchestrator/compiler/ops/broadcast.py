"""Functions of two tensors that broadcast in any direction: one kernel along the inner axes, loops around it."""

from collections.abc import Mapping

import numpy as np

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.loops import looped
from orchestrator.compiler.ops.movement import collapse, constant_inputs
from orchestrator.compiler.step import Field, Step

_Axis = tuple[int, int, int, int]


def broadcast_step(
    operator: Operator, kernel: str, struct: str, fields: Mapping[str, Field], swapped: Mapping[str, Field] | None
) -> Step:
    """Lower to calls `kernel(&params, a, b, output)`.

    Args:
        struct: the type of the parameters; `fields` are those but `count` and `period`: `a` and the output have
            `count` values, `b` has `period` values, repeated.
        swapped: fields for the operands in the other order, None where that is another function altogether.
    """
    axes = _axes(operator)
    if axes and _must_swap(axes):
        if swapped is None:
            raise operator.unsupported("the first operand repeats along the last axis")
        return _step(operator, kernel, struct, swapped, [(n, b, a, out) for n, a, b, out in axes], (1, 0))
    return _step(operator, kernel, struct, fields, axes, (0, 1))


def _axes(operator: Operator) -> list[_Axis]:
    """Give extent and steps, in values, of both operands and the output, along as few axes as possible."""
    a, b, target = operator.input(0), operator.input(1), operator.output
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
        views = [np.broadcast_to(np.empty(tensor.shape, np.int8), shape) for tensor in (a, b)]
    except ValueError:
        raise operator.unsupported(f"{list(a.shape)} and {list(b.shape)} do not broadcast") from None
    operator.require(int(np.prod(shape)) == target.elements, f"{list(shape)} to {list(target.shape)}")
    steps = [view.strides for view in (*views, np.empty(shape, np.int8))]
    return collapse([axis for axis in zip(shape, *steps, strict=True) if axis[0] != 1])


def _must_swap(axes: list[_Axis]) -> bool:
    """The kernels want the operand first that is contiguous where the other one repeats."""
    _, inner_a, inner_b, _ = axes[-1]
    if inner_a == inner_b and len(axes) > 1:
        return axes[-2][1] == 0 and axes[-2][2] != 0
    return inner_a == 0


def _step(
    operator: Operator, kernel: str, struct: str, fields: Mapping[str, Field], axes: list[_Axis],
    order: tuple[int, int],
) -> Step:  # fmt: skip
    """Call the kernel for the innermost axis, or the innermost two where the second operand repeats as a whole."""
    outer, count, period = list(axes), 1, 1
    if outer:
        count, _, step_b, _ = outer.pop()
        period = count if step_b else 1
        if step_b and outer and outer[-1][1:] == (count, 0, count):
            count *= outer.pop()[0]
    constants, names = constant_inputs(operator, {0, 1})
    operands = [
        _address("const void *", names[position], [axis[column] for axis in outer], operator.input(position).dtype)
        for column, position in enumerate(order, start=1)
    ]
    result = _address("void *", "{out}", [axis[3] for axis in outer], operator.output.dtype)
    elements = operator.output.elements
    shares = [p for p, tensor in enumerate(operator.activations) if tensor.elements == elements]
    return Step(
        operator,
        params=(struct, {"count": count, "period": period, **fields}),
        call=looped(f"{kernel}(&{{params}}, {', '.join(operands)}, {result});", [axis[0] for axis in outer], {}),
        arrays=constants,
        shares=tuple(shares),
    )


def _address(pointer: str, name: str, steps: list[int], dtype: str) -> str:
    """Give the address in a turn of the loops, steps in values; addresses in the arena are those of bytes."""
    size = np.dtype(dtype).itemsize
    terms = [f" + {'ijklmn'[depth]} * {step * size}" for depth, step in enumerate(steps) if step]
    address = f"{name}{''.join(terms)}"
    return address if dtype == "int8" else f"({pointer})({address})"
