"""Operators that pick and order values: SLICE, STRIDED_SLICE, TRANSPOSE, GATHER, REVERSE_V2, BROADCAST_TO, TILE."""

import numpy as np

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.copy import axis_of
from orchestrator.compiler.ops.movement import Copy, View, constant_inputs, layout, movement
from orchestrator.compiler.step import Array, Step


def lower_view(operator: Operator, view: View) -> Step:
    """Lower to the copy of a view of the first input; its values fill the output in order."""
    operator.require_same_values(operator.input(0))
    target = layout(operator.output)
    operator.require(view.size == target.size, f"{view.size} values for {operator.output.shape}")
    return movement(operator, [Copy(view, target.reshape(view.shape))])


def lower_slice(operator: Operator) -> Step:
    """Lower SLICE: begin and size of each axis, -1 for all that is left."""
    source = operator.input(0)
    begins, sizes = (operator.integers(position).reshape(-1).tolist() for position in (1, 2))
    operator.require(len(begins) == len(sizes) == len(source.shape), f"begins {begins}, sizes {sizes}")
    ends = [e if n == -1 else b + n for b, n, e in zip(begins, sizes, source.shape, strict=True)]
    inside = all(0 <= b < e <= extent for b, e, extent in zip(begins, ends, source.shape, strict=True))
    operator.require(inside, f"begins {begins}, sizes {sizes} of {list(source.shape)}")
    return lower_view(operator, layout(source)[tuple(map(slice, begins, ends))])


def lower_strided_slice(operator: Operator) -> Step:
    """Lower STRIDED_SLICE with all its masks."""
    return lower_view(operator, layout(operator.input(0))[(*strided_slice_key(operator), ...)])


def strided_slice_key(operator: Operator) -> tuple[slice | int | None, ...]:
    """Give a STRIDED_SLICE as numpy spells it."""
    rank = len(operator.input(0).shape)
    begins, ends, strides = (operator.integers(position).reshape(-1).tolist() for position in (1, 2, 3))
    operator.require(len(begins) == len(ends) == len(strides), f"begins {begins}, ends {ends}, strides {strides}")
    operator.require(all(strides), f"strides are {strides}")
    names = ("BeginMask", "EndMask", "EllipsisMask", "NewAxisMask", "ShrinkAxisMask")
    begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_mask = (operator.int_option(name) for name in names)
    is_offset = bool(operator.options["Offset"])  # ends count from the begins
    key: list[slice | int | None] = []
    taken = sum(1 for i in range(len(begins)) if not (ellipsis_mask | new_axis_mask) >> i & 1)
    operator.require(taken <= rank, f"{taken} slices of {rank} axes")
    ellipses = sum(ellipsis_mask >> i & 1 for i in range(len(begins)))
    operator.require(ellipses <= 1, f"{ellipses} ellipses")
    for i, (begin, end, stride) in enumerate(zip(begins, ends, strides, strict=True)):
        if ellipsis_mask >> i & 1:
            key += [slice(None)] * (rank - taken)
        elif new_axis_mask >> i & 1:
            key.append(None)
        elif shrink_mask >> i & 1:
            key.append(_inside(operator, begin, sum(1 for entry in key if entry is not None)))
        else:
            last = begin + end if is_offset else end
            key.append(slice(None if begin_mask >> i & 1 else begin, None if end_mask >> i & 1 else last, stride))
    return tuple(key)


def _inside(operator: Operator, index: int, axis: int) -> int:
    extent = operator.input(0).shape[axis]
    operator.require(-extent <= index < extent, f"index {index} of {extent} along axis {axis}")
    return index


def lower_transpose(operator: Operator) -> Step:
    """Lower TRANSPOSE by any permutation."""
    source = operator.input(0)
    order = [axis_of(operator, int(axis), source) for axis in operator.integers(1, least=0).reshape(-1).tolist()]
    operator.require(sorted(order) == list(range(len(source.shape))), f"{order} of {list(source.shape)}")
    view = layout(source).transpose(order)
    operator.require(view.shape == operator.output.shape, f"{list(view.shape)} to {list(operator.output.shape)}")
    return lower_view(operator, view)


def lower_reverse(operator: Operator) -> Step:
    """Lower REVERSE_V2: some axes backwards."""
    source = operator.input(0)
    axes = {axis_of(operator, int(axis), source) for axis in operator.integers(1).reshape(-1).tolist()}
    return lower_view(operator, np.flip(layout(source), tuple(axes)))


def lower_broadcast(operator: Operator) -> Step:
    """Lower BROADCAST_TO, and TILE of axes that are repeated as a whole."""
    source, target = operator.input(0), operator.output
    if operator.name == "TILE":
        return _lower_tile(operator)
    shape = operator.integers(1).reshape(-1).tolist()
    operator.require(shape == list(target.shape), f"shape {shape}, but the output is {list(target.shape)}")
    try:
        view = np.broadcast_to(layout(source), target.shape)
    except ValueError:
        raise operator.unsupported(f"{list(source.shape)} does not repeat to {list(target.shape)}") from None
    return lower_view(operator, view)


def _lower_tile(operator: Operator) -> Step:
    """Every axis becomes two: how often it is repeated, and itself."""
    source = operator.input(0)
    counts = operator.integers(1).reshape(-1).tolist()
    operator.require(len(counts) == len(source.shape) and min(counts, default=1) >= 1, f"multiples are {counts}")
    pairs = [extent for pair in zip([1] * len(counts), source.shape, strict=True) for extent in pair]
    shape = [extent for pair in zip(counts, source.shape, strict=True) for extent in pair]
    return lower_view(operator, np.broadcast_to(layout(source).reshape(pairs), shape))


def lower_gather(operator: Operator) -> Step:
    """Lower GATHER of constant positions along one axis to `mt_gather_rows`, a call for each index before it."""
    source, target = operator.input(0), operator.output
    operator.require_same_values(source)
    operator.require(operator.int_option("BatchDims") == 0, "batch dimensions")
    axis = axis_of(operator, operator.int_option("Axis"), source)
    indices = operator.integers(1).reshape(-1)
    extent = source.shape[axis]
    inside = int(indices.min()) >= 0 and int(indices.max()) < min(extent, 65536)
    operator.require(inside, f"positions {indices.min()} to {indices.max()} of {extent}")
    itemsize = source.size_bytes // source.elements
    outer = int(np.prod(source.shape[:axis]))
    row_bytes = int(np.prod(source.shape[axis + 1 :])) * itemsize
    operator.require(outer * len(indices) * row_bytes == target.size_bytes, f"output is {list(target.shape)}")
    return _gathered(operator, indices, row_bytes, (outer, extent * row_bytes))


def lower_gather_nd(operator: Operator) -> Step:
    """Lower GATHER_ND of constant positions along the first axes to `mt_gather_rows`."""
    source, target = operator.input(0), operator.output
    operator.require_same_values(source)
    positions = operator.integers(1)
    count = positions.shape[-1] if positions.shape else 0
    operator.require(1 <= count <= len(source.shape), f"positions {list(positions.shape)} of {list(source.shape)}")
    extents = source.shape[:count]
    each = positions.reshape(-1, count).astype(np.int64)
    inside = bool(np.all((each >= 0) & (each < np.array(extents)))) and int(np.prod(extents)) <= 65536
    operator.require(inside, f"positions {each.min()} to {each.max()} of {list(extents)}")
    rows = np.arange(int(np.prod(extents))).reshape(extents)[tuple(each.T)]
    row_bytes = source.size_bytes // int(np.prod(extents))
    operator.require(len(rows) * row_bytes == target.size_bytes, f"output is {list(target.shape)}")
    return _gathered(operator, rows, row_bytes, (1, 0))


def _gathered(operator: Operator, rows: View, row_bytes: int, outer: tuple[int, int]) -> Step:
    """Call the kernel for each of `outer` (how many, input bytes apart)."""
    constants, names = constant_inputs(operator, {0})
    times, advance_in = outer
    advance_out = len(rows) * row_bytes
    call = f"mt_gather_rows({{indices}}, {len(rows)}, {row_bytes}, {names[0]}{{at_in}}, {{out}}{{at_out}});"
    if times == 1:
        call = call.replace("{at_in}", "").replace("{at_out}", "")
    else:
        call = call.replace("{at_in}", f" + i * {advance_in}").replace("{at_out}", f" + i * {advance_out}")
        call = f"for (uint32_t i = 0; i < {times}; i++) {{{{\n    {call}\n}}}}"
    table = Array("indices", "uint16_t", rows.astype(np.uint16), is_weights=False)
    return Step(operator, call=call, arrays=(*constants, table))
