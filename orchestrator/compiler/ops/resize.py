"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR: which pixels an output pixel reads is tabulated on the host."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.loops import per_sample
from orchestrator.compiler.ops.movement import layout
from orchestrator.compiler.ops.slice import lower_view
from orchestrator.compiler.quantise import round_half_away
from orchestrator.compiler.step import Array, Step

_WEIGHT_BITS = 10  # of a position between two pixels, as the specification's reference has it
_ONE = 1 << _WEIGHT_BITS


def lower_nearest(operator: Operator) -> Step:
    """Lower RESIZE_NEAREST_NEIGHBOR: by whole factors a copy that repeats, else two tables of positions."""
    source, target = operator.input(0), operator.output
    operator.require_same_values(source)
    _require_images(operator)
    rows, columns = (_nearest(operator, source.shape[axis], target.shape[axis]) for axis in (1, 2))
    batch, height, width, channels = source.shape
    if _repeats(rows, height) and _repeats(columns, width):
        view = layout(source)[:, :, None, :, None, :]
        factors = len(rows) // height, len(columns) // width
        return lower_view(operator, np.broadcast_to(view, (batch, height, factors[0], width, factors[1], channels)))
    return per_sample(lambda single: _lower_gathered(single, rows, columns))(operator)


def _lower_gathered(operator: Operator, rows: Sequence[int], columns: Sequence[int]) -> Step:
    source, target = operator.input(0), operator.output
    pixel_bytes = source.size_bytes // (source.shape[1] * source.shape[2])
    reads, writes = source.shape[2] * pixel_bytes, target.shape[2] * pixel_bytes
    call = (
        f"for (uint32_t y = 0; y < {len(rows)}; y++) {{{{\n"
        f"    mt_gather_rows({{columns}}, {len(columns)}, {pixel_bytes}, {{in0}} + {{rows}}[y] * {reads}, "
        f"{{out}} + y * {writes});\n}}}}"
    )
    tables = [Array(n, "uint16_t", np.array(v, np.uint16), False) for n, v in (("rows", rows), ("columns", columns))]
    return Step(operator, call=call, arrays=tuple(tables))


def _require_images(operator: Operator) -> None:
    source, target = operator.input(0), operator.output
    operator.require(source.data is None, "the input must be computed at run time")
    fits = len(source.shape) == 4 == len(target.shape) and source.shape[::3] == target.shape[::3]
    operator.require(fits, f"{list(source.shape)} to {list(target.shape)}")
    operator.require(max(*source.shape[1:3], *target.shape[1:3]) <= 65535, "extents must be <= 65535")
    size = operator.integers(1).reshape(-1).tolist()
    operator.require(size == list(target.shape[1:3]), f"size {size}, but the output is {list(target.shape)}")


def _repeats(positions: Sequence[int], extent: int) -> bool:
    factor = len(positions) // extent
    return list(positions) == [i // factor for i in range(extent * factor)] if factor else False


def _nearest(operator: Operator, extent_in: int, extent_out: int) -> list[int]:
    """Give the input position of each output position, in single precision as the reference has it."""
    align, half = bool(operator.options["AlignCorners"]), bool(operator.options["HalfPixelCenters"])
    corners = align and extent_out > 1
    ratio = np.float32(extent_in - corners) / np.float32(extent_out - corners)
    offset = np.float32(0.5 if half else 0.0)
    positions = []
    for i in range(extent_out):
        real = float((np.float32(i) + offset) * ratio)
        whole = round_half_away(real) if align else int(np.floor(real))
        positions.append(max(min(whole, extent_in - 1), 0))
    return positions


def lower_bilinear(operator: Operator) -> Step:
    """Lower RESIZE_BILINEAR to `mt_resize_bilinear_s8`."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source, target)
    operator.require_same_values(source)
    _require_images(operator)
    return per_sample(_lower_interpolated)(operator)


def _lower_interpolated(operator: Operator) -> Step:
    source, target = operator.input(0), operator.output
    rows, columns = (_between(operator, source.shape[axis], target.shape[axis]) for axis in (1, 2))
    _, height, width, channels = target.shape
    sizes = f"{{{{{source.shape[2]}, {height}, {width}, {channels}}}}}"
    return Step(
        operator,
        call=(
            f"const mt_resize layer = {sizes};\nmt_resize_bilinear_s8(&layer, {{rows}}, {{columns}}, {{in0}}, {{out}});"
        ),
        arrays=(
            Array("rows", "mt_between", rows, is_weights=False),
            Array("columns", "mt_between", columns, is_weights=False),
        ),
    )


def _between(operator: Operator, extent_in: int, extent_out: int) -> NDArray[np.generic]:
    """Give for each output position the two input positions around it and the weight of the second in 1024ths."""
    align, half = bool(operator.options["AlignCorners"]), bool(operator.options["HalfPixelCenters"])
    operator.require(not (align and half), "aligned corners with half pixel centres")
    corners = int(align and extent_out > 1)
    ratio = (_ONE * (extent_in - corners) + (extent_out - corners) // 2) // (extent_out - corners)
    table = np.zeros(extent_out, np.dtype([("lower", "u2"), ("upper", "u2"), ("weight", "i4")]))
    for i in range(extent_out):
        position = i * ratio + (ratio // 2 - _ONE // 2 if half else 0)
        lower = max(int(position / _ONE), 0)  # towards zero
        upper = min(int((position + _ONE - 1) / _ONE), extent_in - 1)
        table[i] = (lower, upper, position - _ONE * lower)
    return table
