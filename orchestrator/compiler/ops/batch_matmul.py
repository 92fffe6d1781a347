"""BATCH_MATMUL of two tensors, either of them perhaps a constant; batches broadcast.

The kernel wants the first operand row by row and takes the second as it lies. A transposed first one is copied into
scratch memory, one matrix at a time; a constant is transposed on the host.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator, Tensor
from orchestrator.compiler.ops.loops import looped
from orchestrator.compiler.ops.matrix import quads_in
from orchestrator.compiler.ops.movement import Copy, movement
from orchestrator.compiler.ops.rows import ROWS_PER_BLOCK
from orchestrator.compiler.quantise import INT8_MAX, INT8_MIN, OutputRange, scale_for
from orchestrator.compiler.step import Array, Field, Step

_MOST_BATCH_AXES = 4
_LARGEST_PRODUCT = 255 * 255
_COLUMNS_AT_ONCE = 16  # MT_BATCH_MATMUL_COLUMNS


@dataclass(frozen=True)
class _Operand:
    """Matrices of `rows` by `depth`: the columns of the second operand are its rows.

    Attributes:
        name: the placeholder of its address.
        batch: extents of the axes before the matrix.
        constant: the values of a constant, each matrix with its depth contiguous.
        is_turned: at run time the depth lies along the first axis of a matrix.
    """

    name: str
    batch: tuple[int, ...]
    rows: int
    depth: int
    constant: NDArray[np.int8] | None
    is_turned: bool

    @property
    def matrix_bytes(self) -> int:
        return self.rows * self.depth


def lower(operator: Operator) -> Step:
    """Lower to `mt_batch_matmul_s8`, a call for each pair of matrices."""
    target = operator.output
    a = _operand(operator, 0, is_turned=bool(operator.options["AdjX"]))
    b = _operand(operator, 1, is_turned=not operator.options["AdjY"])
    operator.require(a.depth == b.depth, f"{list(operator.input(0).shape)} by {list(operator.input(1).shape)}")
    batch = _broadcast(operator, a, b)
    elements = math.prod(batch) * a.rows * b.rows
    operator.require(elements == target.elements, f"{target.elements} outputs, expected {elements}")
    rows = a.rows
    if math.prod(b.batch) == 1 and not a.is_turned:  # all rows of all matrices by the same one
        rows, batch = math.prod(a.batch) * a.rows, ()
    packed = min(_COLUMNS_AT_ONCE, ROWS_PER_BLOCK * -(-b.rows // ROWS_PER_BLOCK))
    scratch_bytes = 4 * (packed + 2) * quads_in(a.depth)
    call = f"mt_batch_matmul_s8(&{{params}}, {{{a.name}}}, {{{b.name}}}, {{scratch}}, {{out}});"
    arrays = tuple(
        Array(operand.name, "int8_t", operand.constant.reshape(-1), is_weights=True)
        for operand in (a, b)
        if operand.constant is not None
    )
    if a.is_turned:
        place = f"(int8_t *){{scratch}} + {scratch_bytes}"
        turning = _turning(operator, a)
        copied = turning.call.replace("{out0}", place)
        call = f"{copied}\n{call.replace(f'{{{a.name}}}', place)}"
        arrays, scratch_bytes = (*arrays, *turning.arrays), scratch_bytes + a.matrix_bytes
    distances = {operand.name: _distances(operand, batch) for operand in (a, b)}
    distances["out"] = _steps(batch, a.rows * b.rows)
    return Step(
        operator,
        macs=elements * a.depth,
        params=("mt_batch_matmul", _fields(operator, rows, b)),
        call=looped(call, batch, distances),
        arrays=arrays,
        scratch_bytes=scratch_bytes,
    )


def _operand(operator: Operator, position: int, is_turned: bool) -> _Operand:
    tensor = operator.input(position)
    operator.require_int8(tensor, operator.output)
    operator.require(len(tensor.shape) >= 2, f"needs matrices, but '{tensor.name}' is {list(tensor.shape)}")
    *batch, height, width = tensor.shape
    operator.require(len(batch) <= _MOST_BATCH_AXES, f"more than {_MOST_BATCH_AXES} axes of batches")
    rows, depth = (width, height) if is_turned else (height, width)
    constant = None
    if tensor.data is not None:
        whole = tensor.data.swapaxes(-1, -2) if is_turned else tensor.data
        constant = np.ascontiguousarray(whole).astype(np.int8)
    is_turned = is_turned and constant is None and min(rows, depth) > 1
    return _Operand(_name(operator, tensor, position), tuple(batch), rows, depth, constant, is_turned)


def _name(operator: Operator, tensor: Tensor, position: int) -> str:
    if tensor.data is not None:
        return f"constant_{position}"
    return "in1" if position == 1 and operator.input(0).data is None else "in0"


def _broadcast(operator: Operator, a: _Operand, b: _Operand) -> tuple[int, ...]:
    try:
        return tuple(np.broadcast_shapes(a.batch, b.batch))
    except ValueError:
        raise operator.unsupported(f"batches {list(a.batch)} and {list(b.batch)} do not broadcast") from None


def _distances(operand: _Operand, batch: tuple[int, ...]) -> list[int]:
    """Give by how many bytes the operand advances along each axis of the batch, 0 where it repeats."""
    extents = (1,) * (len(batch) - len(operand.batch)) + operand.batch
    steps = _steps(extents, operand.matrix_bytes)
    return [step if extent > 1 else 0 for extent, step in zip(extents, steps, strict=True)][: len(batch)]


def _steps(extents: tuple[int, ...], matrix_bytes: int) -> list[int]:
    return [math.prod(extents[axis + 1 :]) * matrix_bytes for axis in range(len(extents))]


def _turning(operator: Operator, a: _Operand) -> Step:
    """Give the copy of one matrix of the first operand to rows."""
    source = np.empty((a.depth, a.rows), np.int8)
    return movement(operator, [Copy(source.T, np.empty((a.rows, a.depth), np.int8))])


def _fields(operator: Operator, rows: int, b: _Operand) -> dict[str, Field]:
    first, second, target = operator.input(0), operator.input(1), operator.output
    ratio = first.scale * second.scale / target.scale
    return {
        "rows": rows,
        "columns": b.rows,
        "depth": b.depth,
        "column_step": 1 if b.is_turned else b.depth,
        "depth_step": b.rows if b.is_turned else 1,
        "zero_point_a": first.zero_point,
        "zero_point_b": second.zero_point,
        "scale": scale_for(ratio, b.depth * _LARGEST_PRODUCT).fields(),
        "output": OutputRange(target.zero_point, INT8_MIN, INT8_MAX).fields(),
    }
