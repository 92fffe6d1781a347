"""FULLY_CONNECTED: weights `[output, input]`, one scale, or one per output."""

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.channels import Channels, channel_ratios, fold_channels, weights_of
from orchestrator.compiler.ops.matrix import (
    ROWS_FOR_ONE_COLUMN,
    clamped,
    lane_order,
    matrix_arrays,
    matrix_fields,
    quads_in,
)
from orchestrator.compiler.step import Step


def fold(operator: Operator) -> tuple[Channels, int]:
    """Check the operator; give its folded constants and how many samples it takes."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source, target)
    operator.require(operator.int_option("WeightsFormat") == 0, "shuffled weights are not supported")
    weights = weights_of(operator, axis=0)
    operator.require(weights.ndim == 2, f"needs weights of 2 dimensions, but got {weights.ndim}")
    count, depth = weights.shape
    samples = source.elements // depth
    operator.require(samples * depth == source.elements, f"{source.elements} inputs for weights of depth {depth}")
    operator.require(samples * count == target.elements, f"{target.elements} outputs, expected {samples * count}")
    operator.require(target.shape[-1:] == (count,), f"needs {count} as last extent, but got {list(target.shape)}")
    return fold_channels(operator, weights, channel_ratios(operator, count)), samples


def lower_one_sample(operator: Operator, channels: Channels) -> Step:
    """Lower to `mt_fully_connected_s8`; the values of the input are the depth, as they lie."""
    count, depth = channels.rows.shape
    operator.require(max(count, quads_in(depth)) <= 65535, "more than 65,535 outputs or quads")
    order = lane_order(depth)
    fields = {"matrix": matrix_fields(channels, order), "depth": depth}
    return Step(
        operator,
        macs=count * depth,
        kernel="mt_fully_connected_s8",
        params=("mt_fully_connected", fields),
        call=clamped("mt_fully_connected_s8(&{params}, {in0}, {scratch}, {out});", operator, channels),
        arrays=matrix_arrays(channels, order, ROWS_FOR_ONE_COLUMN),
        scratch_bytes=scratch_bytes(depth),
    )


def scratch_bytes(depth: int) -> int:
    """Give what the kernel needs: one column, widened."""
    return 8 * quads_in(depth)
