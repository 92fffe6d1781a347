"""RESHAPE and its relatives: the same bytes under another shape, so no code at all."""

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.movement import Copy, layout, movement
from orchestrator.compiler.step import Step


def lower(operator: Operator) -> Step:
    """Lower to an alias of the input."""
    source, target = operator.input(0), operator.output
    operator.require(source.size_bytes == target.size_bytes, f"{source.size_bytes} bytes to {target.size_bytes}")
    operator.require(source.dtype == target.dtype, f"{source.dtype} to {target.dtype}")
    if operator.name == "EXPAND_DIMS":
        operator.require(operator.integers(1).size == 1, "needs one axis")
    operator.require(source.data is None, "the input must not be a constant")
    return Step(operator, is_alias=True)


def lower_copy(operator: Operator) -> Step:
    """Lower to a copy, for a network that does nothing else: it needs a layer."""
    target = operator.output
    return movement(operator, [Copy(layout(operator.input(0)).reshape(target.shape), layout(target))])
