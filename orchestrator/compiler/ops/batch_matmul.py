"""BATCH_MATMUL of two tensors, either of them perhaps a constant; batches broadcast.

The kernel multiplies rows by rows. What has its depth along the other axis is transposed: constants on the host,
computed matrices into scratch memory, one at a time.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator, Tensor
from orchestrator.compiler.ops.loops import looped
from orchestrator.compiler.ops.matrix import quads_in
from orchestrator.compiler.ops.movement import Copy, movement
from orchestrator.compiler.quantise import INT8_MAX, INT8_MIN, OutputRange, scale_for
from orchestrator.compiler.step import Array, Field, Step

_MOST_BATCH_AXES = 4
_LARGEST_PRODUCT = 255 * 255


@dataclass(frozen=True)
class _Operand:
    """Matrices of `rows` by `depth`.

    Attributes:
        position: among the inputs of the operator.
        name: the placeholder of its address.
        batch: extents of the axes before the matrix.
        constant: the values of a constant, each matrix with its depth contiguous.
        is_turned: at run time the depth lies along the first axis of a matrix.
    """

    position: int
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
    prologue, copied, names, scratch_bytes = _turned(operator, a, b)
    call = f"mt_batch_matmul_s8(&{{params}}, {names[0]}, {names[1]}, {{scratch}}, {{out}});"
    distances = {operand.name: _distances(operand, batch) for operand in (a, b)}
    distances["out"] = _steps(batch, a.rows * b.rows)
    constants = [
        Array(operand.name, "int8_t", operand.constant.reshape(-1), is_weights=True)
        for operand in (a, b)
        if operand.constant is not None
    ]
    return Step(
        operator,
        macs=elements * a.depth,
        params=("mt_batch_matmul", _fields(operator, rows, b.rows, a.depth)),
        call=looped("\n".join([*prologue, call]), batch, distances),
        arrays=(*constants, *copied),
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
    return _Operand(position, _name(operator, tensor, position), tuple(batch), rows, depth, constant, is_turned)


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


def _turned(operator: Operator, *operands: _Operand) -> tuple[list[str], tuple[Array, ...], list[str], int]:
    """Give statements that transpose what needs it into scratch memory behind the lanes, and where operands are then.

    Also the arrays that go with the statements, and the bytes of scratch memory.
    """
    end = 8 * quads_in(operands[0].depth)
    copies, names, places = [], [], {}
    for number, operand in enumerate(operands):
        names.append(f"{{{operand.name}}}")
        if operand.is_turned:
            source = np.empty((operand.depth, operand.rows), np.int8)
            copies.append(Copy(source.T, np.empty((operand.rows, operand.depth), np.int8), operand.position, number))
            places[f"{{out{number}}}"] = names[-1] = f"(int8_t *){{scratch}} + {end}"
            end += operand.matrix_bytes
    if not copies:
        return [], (), names, end
    step = movement(operator, copies)
    text = step.call
    for placeholder, place in places.items():
        text = text.replace(placeholder, place)
    return text.split("\n"), step.arrays, names, end


def _fields(operator: Operator, rows: int, columns: int, depth: int) -> dict[str, Field]:
    a, b, target = operator.input(0), operator.input(1), operator.output
    ratio = a.scale * b.scale / target.scale
    return {
        "rows": rows,
        "columns": columns,
        "depth": depth,
        "zero_point_a": a.zero_point,
        "zero_point_b": b.zero_point,
        "scale": scale_for(ratio, depth * _LARGEST_PRODUCT).fields(),
        "output": OutputRange(target.zero_point, INT8_MIN, INT8_MAX).fields(),
    }
