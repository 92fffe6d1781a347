"""FULLY_CONNECTED: weights `[output, input]`, one scale, or one per output."""

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.channels import channel_ratios, fold_channels, weights_of
from orchestrator.compiler.ops.matrix import matrix_arrays, matrix_fields, quads_in
from orchestrator.compiler.step import Step


def lower(operator: Operator) -> Step:
    """Lower to `mt_fully_connected_s8`."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source, target)
    operator.require(operator.int_option("WeightsFormat") == 0, "shuffled weights are not supported")
    weights = weights_of(operator, axis=0)
    operator.require(weights.ndim == 2, f"needs weights of 2 dimensions, but got {weights.ndim}")
    count, depth = weights.shape
    batches = source.elements // depth
    operator.require(batches * depth == source.elements, f"{source.elements} inputs for weights of depth {depth}")
    operator.require(batches * count == target.elements, f"{target.elements} outputs, expected {batches * count}")
    operator.require(target.shape[-1:] == (count,), f"needs {count} as last extent, but got {list(target.shape)}")
    operator.require(max(count, batches, quads_in(depth)) <= 65535, "more than 65,535 outputs, batches or quads")
    channels = fold_channels(operator, weights, channel_ratios(operator, count))
    rows = channels.rows.reshape(count, 1, depth)
    return Step(
        operator,
        macs=batches * count * depth,
        params=("mt_fully_connected", {"matrix": matrix_fields(rows, channels), "batches": batches, "depth": depth}),
        call="mt_fully_connected_s8(&{params}, {in0}, {scratch}, {out});",
        arrays=matrix_arrays(rows, channels),
        scratch_bytes=8 * quads_in(depth),
    )
