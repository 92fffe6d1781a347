"""Pack a weight matrix for the kernels' dual 16-bit multiply-accumulate (layout: `mt_matrix` in mt_kernels.h)."""

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.ops.channels import Channels
from orchestrator.compiler.step import Array, Field, Reference

ROWS_PER_BLOCK = 4
VALUES_PER_QUAD = 4


def quads_in(values: int) -> int:
    """Give how many quads hold this many values."""
    return -(-values // VALUES_PER_QUAD)


def pack_matrix(rows: NDArray[np.int8]) -> NDArray[np.uint32]:
    """Pack weights `[row, segment, value]`; every segment is filled up to whole quads.

    Two rows share a 16-bit lane as `256 * A + B`, which needs weights in [-127, 127].
    """
    count, segments, values = rows.shape
    blocks, quads = -(-count // ROWS_PER_BLOCK), quads_in(values)
    padded = np.zeros((blocks * ROWS_PER_BLOCK, segments, quads * VALUES_PER_QUAD), np.int32)
    padded[:count, :, :values] = rows
    upper_lower = padded.reshape(blocks, 2, 2, segments * quads, 2, 2)  # block, AB or CD, A or B, quad, half, parity
    lanes = (256 * upper_lower[:, :, 0] + upper_lower[:, :, 1]).astype(np.uint32) & 0xFFFF
    words = lanes[..., 0, :] | (lanes[..., 1, :] << 16)  # k0 with k2, k1 with k3
    return np.ascontiguousarray(words.transpose(0, 2, 3, 1)).reshape(-1)


def matrix_arrays(rows: NDArray[np.int8], channels: Channels) -> tuple[Array, ...]:
    """Give all constant arrays of an `mt_matrix` with weights `[row, segment, value]`."""
    return (Array("weights", "uint32_t", pack_matrix(rows), is_weights=True), channels.array)


def matrix_fields(rows: NDArray[np.int8], channels: Channels) -> dict[str, Field]:
    """Give the fields of the C struct `mt_matrix`."""
    count, segments, values = rows.shape
    return {
        "words": Reference("weights"),
        "channels": Reference("channels"),
        "rows": count,
        "quads": segments * quads_in(values),
        "output": channels.output_fields(),
    }
