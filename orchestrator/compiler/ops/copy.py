"""Operators that put tensors together and take them apart: CONCATENATION, PACK, SPLIT, UNPACK, PAD."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from orchestrator.compiler.graph import Operator, Tensor
from orchestrator.compiler.ops.movement import Copy, View, layout, movement
from orchestrator.compiler.step import Step


def lower_concatenation(operator: Operator) -> Step:
    """Lower CONCATENATION to one copy for each input."""
    operator.require(operator.text_option("FusedActivationFunction") == "NONE", "a fused activation")
    parts = [operator.input(position) for position in range(len(operator.inputs))]
    operator.require_same_values(*parts)
    axis = axis_of(operator, operator.int_option("Axis"), operator.output)
    whole = layout(operator.output)
    extents = [part.shape[axis] if len(part.shape) == whole.ndim else 0 for part in parts]
    pieces = _pieces(operator, whole, axis, extents)
    copies = [Copy(layout(part), piece, source=i) for i, (part, piece) in enumerate(zip(parts, pieces, strict=True))]
    return movement(operator, copies)


def lower_pack(operator: Operator) -> Step:
    """Lower PACK: inputs side by side along a new axis."""
    parts = [operator.input(position) for position in range(len(operator.inputs))]
    operator.require_same_values(*parts)
    axis = axis_of(operator, operator.int_option("Axis"), operator.output)
    counts = {operator.output.shape[axis], operator.int_option("ValuesCount")}
    operator.require(counts == {len(parts)}, f"{len(parts)} inputs for {list(operator.output.shape)}")
    whole = np.moveaxis(layout(operator.output), axis, 0)
    return movement(operator, [Copy(layout(part), whole[i, ...], source=i) for i, part in enumerate(parts)])


def lower_unpack(operator: Operator) -> Step:
    """Lower UNPACK: one output for each index of an axis."""
    source = operator.input(0)
    operator.require_same_values(source, *operator.outputs)
    axis = axis_of(operator, operator.int_option("Axis"), source)
    counts = {source.shape[axis], operator.int_option("Num")}
    operator.require(counts == {len(operator.outputs)}, f"{len(operator.outputs)} outputs of {list(source.shape)}")
    whole = np.moveaxis(layout(source), axis, 0)
    return movement(operator, [Copy(whole[i, ...], layout(part), target=i) for i, part in enumerate(operator.outputs)])


def lower_split(operator: Operator) -> Step:
    """Lower SPLIT, whose inputs are axis and tensor."""
    return _split(operator, 1, int(operator.integers(0).reshape(-1)[0]))


def lower_split_v(operator: Operator) -> Step:
    """Lower SPLIT_V, whose inputs are tensor, sizes and axis."""
    return _split(operator, 0, int(operator.integers(2).reshape(-1)[0]))


def _split(operator: Operator, position: int, axis: int) -> Step:
    source, parts = operator.input(position), operator.outputs
    operator.require_same_values(source, *parts)
    axis = axis_of(operator, axis, source)
    extents = [part.shape[axis] if len(part.shape) == len(source.shape) else 0 for part in parts]
    pieces = _pieces(operator, layout(source), axis, extents)
    copies = [Copy(piece, layout(part), position, i) for i, (part, piece) in enumerate(zip(parts, pieces, strict=True))]
    return movement(operator, copies)


def _pieces(operator: Operator, whole: View, axis: int, extents: list[int]) -> Iterator[View]:
    operator.require(sum(extents) == whole.shape[axis], f"{extents} along axis {axis} of {list(whole.shape)}")
    ends = np.cumsum(extents).tolist()
    return (whole[(slice(None),) * axis + (slice(e - n, e),)] for n, e in zip(extents, ends, strict=True))


def axis_of(operator: Operator, axis: int, tensor: Tensor) -> int:
    """Give an axis of this tensor counted from the first; negative ones count from the last."""
    rank = len(tensor.shape)
    operator.require(-rank <= axis < rank, f"axis {axis} of {rank} axes")
    return axis % rank


def lower_constant(operator: Operator) -> Step:
    """Lower CONSTANT, ours alone: an output of the network whose values are known beforehand."""
    return movement(operator, [Copy(layout(operator.output), layout(operator.output))])


def lower_interleave(operator: Operator) -> Step:
    """Lower INTERLEAVE, ours alone: every stride-th pixel of the output comes from one input."""
    steps = operator.int_option("StrideH"), operator.int_option("StrideW")
    whole = layout(operator.output)
    rows, columns = (range(min(step, whole.shape[axis])) for axis, step in enumerate(steps, start=1))
    places = [whole[:, row :: steps[0], column :: steps[1]] for row in rows for column in columns]
    parts = [layout(operator.input(position)) for position in range(len(operator.inputs))]
    return movement(operator, [Copy(p, to, source=i) for i, (p, to) in enumerate(zip(parts, places, strict=True))])


def lower_pad(operator: Operator) -> Step:
    """Lower PAD and PADV2 of any axes: fill with the value, which is the real 0 if there is none, copy into it."""
    source, target = operator.input(0), operator.output
    operator.require_same_values(source)
    before = _paddings(operator)[:, 0]
    inside = tuple(slice(b, b + extent) for b, extent in zip(before.tolist(), source.shape, strict=True))
    given = operator.optional_input(2)
    value = np.zeros(1, target.dtype) if given is None else operator.constant(2).reshape(-1)[:1]
    if given is None and target.quantisation:
        value = np.full(1, target.zero_point).astype(target.dtype)
    call = _fill(operator, value)
    return movement(operator, [Copy(layout(source), layout(target)[inside])], prologue=call)


def _fill(operator: Operator, value: np.ndarray) -> str:
    """Give the call that sets the whole output to a value."""
    target = operator.output
    fill = np.ascontiguousarray(value).view(np.int8)
    if bool(np.all(fill == fill[0])):
        return f"mt_fill_s8({fill[0]}, {target.size_bytes}, {{out}});"
    operator.require(target.dtype == "int16", f"padding of {target.dtype} with {value[0]}")
    return f"mt_fill_s16({value[0]}, {target.elements}, (void *)({{out}}));"


def lower_mirror_pad(operator: Operator) -> Step:
    """Lower MIRROR_PAD: each side of each axis is a copy that goes backwards."""
    source, target = operator.input(0), operator.output
    operator.require_same_values(source)
    edge = 1 if operator.text_option("Mode") == "REFLECT" else 0  # REFLECT leaves out the border itself
    per_axis = []
    for extent, (before, after) in zip(source.shape, _paddings(operator).tolist(), strict=True):
        operator.require(max(before, after) <= extent - edge, f"padding [{before}, {after}] of {extent} values")
        last = extent - 1 - edge
        sides = [
            (slice(before, before + extent), slice(0, extent)),
            (slice(0, before), slice(before - 1 + edge, edge - 1 if edge else None, -1)),
            (slice(before + extent, None), slice(last, last - after if last >= after else None, -1)),
        ]
        per_axis.append([side for side, count in zip(sides, (extent, before, after), strict=True) if count])
    whole_in, whole_out = layout(source), layout(target)
    regions = [tuple(zip(*region, strict=True)) for region in product(*per_axis)]
    return movement(operator, [Copy(whole_in[reads], whole_out[writes]) for writes, reads in regions])


def _paddings(operator: Operator) -> np.ndarray:
    source, target = operator.input(0), operator.output
    paddings = operator.integers(1).astype(np.int64)
    fits = paddings.shape == (len(source.shape), 2) and int(paddings.min(initial=0)) >= 0
    operator.require(fits, f"paddings are {paddings.tolist()}")
    expected = [extent + sum(pair) for extent, pair in zip(source.shape, paddings.tolist(), strict=True)]
    operator.require(expected == list(target.shape), f"output must be {expected}, but got {list(target.shape)}")
    return paddings
