"""Pack constant weights for sums that are needed as they are (layout: `mt_sum_rows_s8` in mt_products.h)."""

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.matrix import VALUES_PER_QUAD, quads_in

ROWS_PER_BLOCK = 4
LARGEST_INPUT = 255  # |stored - zero_point|


def pack_rows(rows: NDArray[np.int8]) -> NDArray[np.uint32]:
    """Pack weights `[row, value]` as `[block of four rows, quad, row in block]`, four values a word."""
    count, values = rows.shape
    blocks, quads = -(-count // ROWS_PER_BLOCK), quads_in(values)
    padded = np.zeros((blocks * ROWS_PER_BLOCK, quads * VALUES_PER_QUAD), np.int8)
    padded[:count, :values] = rows
    blocked = padded.reshape(blocks, ROWS_PER_BLOCK, quads, VALUES_PER_QUAD).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(blocked).view("<u4").reshape(blocks, quads, ROWS_PER_BLOCK).astype(np.uint32)


def symmetric_rows(operator: Operator, position: int, shape: tuple[int, int]) -> NDArray[np.int8]:
    """Give constant int8 weights with one scale and the zero point 0, checked."""
    tensor, values = operator.input(position), operator.constant(position)
    operator.require(tensor.dtype == "int8", f"needs int8 weights, but '{tensor.name}' is {tensor.dtype}")
    operator.require(values.shape == shape, f"'{tensor.name}' must be {list(shape)}, but is {list(values.shape)}")
    operator.require(tensor.zero_point == 0, f"the zero point of '{tensor.name}' must be 0")
    return values.astype(np.int8)


def row_starts(rows: NDArray[np.int8], zero_point: int) -> NDArray[np.int32]:
    """Give what takes the input's zero point off the sum of each row, for whole blocks."""
    starts = -zero_point * rows.astype(np.int64).sum(axis=1)
    return np.pad(starts, (0, -len(starts) % ROWS_PER_BLOCK)).astype(np.int32)
