"""Pack a weight matrix for the kernels' dual 16-bit multiply-accumulate (layout: `mt_matrix` in mt_kernels.h)."""

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.channels import Channels
from orchestrator.compiler.quantise import INT8_MAX, INT8_MIN
from orchestrator.compiler.step import Array, Field, Reference

ROWS_FOR_TWO_COLUMNS = 4
ROWS_FOR_ONE_COLUMN = 8
"""Rows of a block, by the kernel that multiplies it."""

VALUES_PER_QUAD = 4


def quads_in(values: int) -> int:
    """Give how many quads hold this many values."""
    return -(-values // VALUES_PER_QUAD)


def lane_order(values: int) -> NDArray[np.intp]:
    """Give the order in which `values` of depth lie in lanes, two to a word: k0 k2 k1 k3 of each quad; -1 is a zero."""
    depth = np.arange(quads_in(values) * VALUES_PER_QUAD, dtype=np.intp)
    depth[values:] = -1
    return depth.reshape(-1, VALUES_PER_QUAD)[:, [0, 2, 1, 3]].reshape(-1)


def pack_matrix(rows: NDArray[np.int8], order: NDArray[np.intp], rows_per_block: int) -> NDArray[np.uint32]:
    """Pack weights `[row, value]` in an order of lanes, filled up to whole blocks.

    Two rows share a 16-bit lane as `256 * A + B`, which needs weights in [-127, 127].
    """
    count, values = rows.shape
    blocks = -(-count // rows_per_block)
    padded = np.zeros((blocks * rows_per_block, values + 1), np.int32)  # the last column is what -1 refers to
    padded[:count, :values] = rows
    lanes = padded[:, order].reshape(blocks, rows_per_block // 2, 2, -1, 2)  # block, pair, A or B, word, lane
    words = (256 * lanes[:, :, 0] + lanes[:, :, 1]).astype(np.uint32) & 0xFFFF
    return np.ascontiguousarray((words[..., 0] | words[..., 1] << 16).transpose(0, 2, 1)).reshape(-1)


def matrix_arrays(channels: Channels, order: NDArray[np.intp], rows_per_block: int) -> tuple[Array, ...]:
    """Give all constant arrays of an `mt_matrix`."""
    weights = Array("weights", "uint32_t", pack_matrix(channels.rows, order, rows_per_block), is_weights=True)
    return (weights, channels.rows_array(rows_per_block))


def matrix_fields(channels: Channels, order: NDArray[np.intp]) -> dict[str, Field]:
    """Give the fields of the C struct `mt_matrix`."""
    return {
        "words": Reference("weights"),
        "groups": Reference("groups"),
        "rows": len(channels.rows),
        "quads": len(order) // VALUES_PER_QUAD,
        "offset": 2 * channels.output.zero_point + 1,
    }


def clamped(call: str, operator: Operator, channels: Channels) -> str:
    """Give a call that multiplies, and one that clamps where the fused activation leaves less than all bytes."""
    leaves = channels.output
    if (leaves.lowest, leaves.highest) == (INT8_MIN, INT8_MAX):
        return call
    return f"{call}\nmt_clamp_s8({operator.output.elements}, {leaves.lowest}, {leaves.highest}, {{out}});"
