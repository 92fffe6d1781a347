"""Loops around a kernel's call, written into the layer's function: batches, and axes that broadcasting leaves over."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from orchestrator.compiler.graph import Operator, Tensor
from orchestrator.compiler.step import Step

_INDENT = "    "
_INDICES = "ijklmn"


def looped(call: str, extents: Sequence[int], steps: Mapping[str, Sequence[int]]) -> str:
    """Wrap a call into loops, outermost first; `steps` says by how many bytes a placeholder of the call advances."""
    if not extents:
        return call
    for placeholder, distances in steps.items():
        terms = [f"{_INDICES[i]} * {distance}" for i, distance in enumerate(distances) if distance]
        call = call.replace(f"{{{placeholder}}}", " + ".join([f"{{{placeholder}}}", *terms]))
    lines = call.split("\n")
    for i in reversed(range(len(extents))):
        index = _INDICES[i]
        head = f"for (uint32_t {index} = 0; {index} < {extents[i]}; {index}++) {{{{"
        lines = [head, *(_INDENT + line for line in lines), "}}"]
    return "\n".join(lines)


def per_sample(lower: Callable[[Operator], Step]) -> Callable[[Operator], Step]:
    """Give a lowering for any batch from one for batch 1: the kernel is called for each sample.

    The first input and the output carry the batch as their first axis.
    """

    def lower_batch(operator: Operator) -> Step:
        source, target = operator.input(0), operator.output
        count = source.shape[0] if source.shape else 1
        if count == 1:
            return lower(operator)
        operator.require(target.shape[:1] == (count,), f"{count} samples to {list(target.shape)}")
        single = replace(operator, inputs=(_single(source), *operator.inputs[1:]), outputs=(_single(target),))
        step = lower(single)
        distances = {"in0": [source.size_bytes // count], "out": [target.size_bytes // count]}
        call = looped(step.call, [count], distances)
        return replace(step, operator=operator, macs=step.macs * count, call=call, otherwise=None)

    return lower_batch


def _single(tensor: Tensor) -> Tensor:
    return replace(tensor, shape=(1, *tensor.shape[1:]))
