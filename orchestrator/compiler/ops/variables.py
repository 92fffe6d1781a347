"""READ_VARIABLE and ASSIGN_VARIABLE of state: see orchestrator/compiler/variables.py."""

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.movement import Copy, constant_inputs, layout, movement
from orchestrator.compiler.step import Step


def lower_read(operator: Operator) -> Step:
    """Lower to a copy of the state, or to the state itself where nobody can tell the difference."""
    if operator.options["IsInPlace"]:
        return Step(operator, is_alias=True)
    return movement(operator, [Copy(layout(operator.state(0)), layout(operator.output))])


def lower_assign(operator: Operator) -> Step:
    """Lower to a copy into the state; there is no output."""
    value, state = operator.input(0), operator.state(1)
    arrays, names = constant_inputs(operator, {0})
    call = f"mt_copy_rows(1, {value.size_bytes}, {value.size_bytes}, (const void *)({names[0]}), (void *){names[1]});"
    operator.require(state.size_bytes == value.size_bytes, f"{value.size_bytes} bytes for {state.size_bytes}")
    return Step(operator, call=call, arrays=arrays)
