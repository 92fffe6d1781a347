"""CONV_2D: weights `[output channel, height, width, input channel]`, one scale per output channel."""

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.channels import channel_ratios, fold_channels, weights_of
from orchestrator.compiler.ops.matrix import matrix_arrays, matrix_fields, quads_in
from orchestrator.compiler.ops.window import shape_fields, window_of
from orchestrator.compiler.step import Field, Step


def lower(operator: Operator) -> Step:
    """Lower to `mt_conv2d_s8`."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source, target)
    weights = weights_of(operator, axis=0)
    operator.require(weights.ndim == 4, f"needs weights of 4 dimensions, but got {weights.ndim}")
    count, height, width, depth = weights.shape
    window = window_of(operator, height, width)
    operator.require(depth == source.shape[3], f"grouped convolution ({depth} of {source.shape[3]} input channels)")
    operator.require(count == target.shape[3], f"{count} filters for {target.shape[3]} output channels")
    channels = fold_channels(operator, weights.reshape(count, -1), channel_ratios(operator, count))
    rows = channels.rows.reshape(count, height, width * depth)
    quads = height * quads_in(width * depth)
    operator.require(quads <= 65535, "the window holds too many values")
    fields: dict[str, Field] = {
        "matrix": matrix_fields(rows, channels),
        "input": shape_fields(source),
        "output": shape_fields(target),
        "window": window.fields(),
        "input_zero_point": source.zero_point,
    }
    pointwise = (height, width, window.stride_y, window.stride_x) == (1, 1, 1, 1)
    return Step(
        operator,
        macs=target.elements * height * width * depth,
        params=("mt_conv2d", fields),
        call="mt_conv2d_s8(&{params}, {in0}, {scratch}, {out});",
        arrays=matrix_arrays(rows, channels),
        scratch_bytes=16 * quads + 4 * quads_in(width * depth),
        shares=(0,) if pointwise and count <= depth else (),
    )
