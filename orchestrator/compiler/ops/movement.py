"""Data movement: every operator that only moves values is a list of copies between views of its tensors.

A view is a numpy array whose strides say where values lie; no value is ever looked at. What the views of an input and
of an output have in common is collapsed to as few axes as possible, so that a copy becomes a memcpy where it can.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator, Tensor
from orchestrator.compiler.step import Array, Step

View = NDArray[Any]

_MOST_AXES = 5  # MT_COPY_AXES
_COPY_TYPE = np.dtype([("extents", "u4", 5), ("input_steps", "i4", 5), ("output_steps", "i4", 5), ("block", "u4")])


@dataclass(frozen=True)
class Copy:
    """From a view of input `source` to a view of output `target`, both of the same shape."""

    view_in: View
    view_out: View
    source: int = 0
    target: int = 0


@dataclass(frozen=True)
class _Grid:
    """A copy with its axes collapsed: (extent, input step, output step) in bytes, around contiguous blocks."""

    axes: tuple[tuple[int, int, int], ...]
    block_bytes: int


def layout(tensor: Tensor) -> View:
    """Give the whole tensor as a view, to be sliced, transposed and so on."""
    return np.empty(tensor.shape, tensor.dtype)


def movement(operator: Operator, copies: Sequence[Copy], prologue: str = "") -> Step:
    """Lower to copies; `prologue` is a statement that runs before them."""
    constants, names = constant_inputs(operator, {copy.source for copy in copies})
    calls = [prologue] if prologue else []
    grids: list[_Grid] = []
    for copy in copies:
        grid = _grid(operator, copy)
        begins = [f"{names[copy.source]}{_offset(copy.view_in)}", f"{{out{copy.target}}}{_offset(copy.view_out)}"]
        if _is_rows(grid):
            extent, _, step = grid.axes[0] if grid.axes else (1, 0, grid.block_bytes)
            calls.append(f"mt_copy_rows({extent}, {grid.block_bytes}, {step}, {begins[0]}, {begins[1]});")
        else:
            calls.append(f"mt_copy_strided(&{{copies}}[{len(grids)}], {begins[0]}, {begins[1]});")
            grids.append(grid)
    arrays = (*constants, Array("copies", "mt_copy", _table(grids), is_weights=False)) if grids else constants
    return Step(operator, call="\n".join(calls), arrays=arrays)


def constant_inputs(operator: Operator, positions: Collection[int]) -> tuple[tuple[Array, ...], dict[int, str]]:
    """Give arrays for those inputs at `positions` that are constants, and what to call each of them in C."""
    arrays: list[Array] = []
    names: dict[int, str] = {}
    computed = 0
    for position, tensor in enumerate(operator.inputs):
        if tensor is None:
            continue
        if tensor.data is None:
            names[position] = f"{{in{computed}}}"
            computed += 1
        elif position in positions:
            values = np.ascontiguousarray(tensor.data).reshape(-1).view(np.int8)
            arrays.append(Array(f"constant_{position}", "int8_t", values, is_weights=True))
            names[position] = f"{{constant_{position}}}"
    return tuple(arrays), names


def _offset(view: View) -> str:
    base: Any = view
    while isinstance(base.base, np.ndarray):
        base = base.base
    offset = view.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    return f" + {offset}" if offset else ""


def _is_rows(grid: _Grid) -> bool:
    """Whether `mt_copy_rows` does: contiguous blocks in the input, at any distance in the output."""
    if len(grid.axes) > 1:
        return False
    return all(input_step == grid.block_bytes and output_step > 0 for _, input_step, output_step in grid.axes)


def _grid(operator: Operator, copy: Copy) -> _Grid:
    if copy.view_in.shape != copy.view_out.shape:
        raise operator.unsupported(f"shapes contradict each other: {copy.view_in.shape} to {copy.view_out.shape}")
    steps = zip(copy.view_in.shape, copy.view_in.strides, copy.view_out.strides, strict=True)
    axes = collapse([axis for axis in steps if axis[0] != 1])
    block = copy.view_out.itemsize
    if axes and axes[-1][1:] == (block, block):
        block *= axes.pop()[0]
    operator.require(len(axes) <= _MOST_AXES, f"moves values along more than {_MOST_AXES} axes")
    return _Grid(tuple(axes), block)


def collapse(axes: list[tuple[int, ...]]) -> list[Any]:
    """Join neighbouring axes (extent, steps...) that every tensor walks through as if they were one."""
    joined: list[tuple[int, ...]] = []
    for extent, *steps in axes:
        if joined and all(outer == extent * step for outer, step in zip(joined[-1][1:], steps, strict=True)):
            joined[-1] = (joined[-1][0] * extent, *steps)
        else:
            joined.append((extent, *steps))
    return joined


def _table(grids: Sequence[_Grid]) -> NDArray[Any]:
    table = np.zeros(len(grids), _COPY_TYPE)
    for row, grid in zip(table, grids, strict=True):
        axes = [(1, 0, 0)] * (_MOST_AXES - len(grid.axes)) + list(grid.axes)
        row["extents"], row["input_steps"], row["output_steps"] = np.array(axes).T
        row["block"] = grid.block_bytes
    return table
