"""DEPTHWISE_CONV_2D: weights `[1, height, width, output channel]`, one scale per output channel."""

import numpy as np

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.channels import channel_ratios, fold_channels, weights_of
from orchestrator.compiler.ops.window import Window, shape_fields, window_of
from orchestrator.compiler.step import Array, Field, Reference, Step

_SUMS_PER_PASS = 64  # what a call costs is shared by so many, for 256 bytes of scratch


def lower(operator: Operator) -> Step:
    """Lower to `mt_depthwise_conv2d_s8`."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source, target)
    weights = weights_of(operator, axis=3)
    operator.require(weights.ndim == 4 and weights.shape[0] == 1, f"needs [1, h, w, c], got {list(weights.shape)}")
    _, height, width, count = weights.shape
    window = window_of(operator, height, width)
    multiplier = count // source.shape[3]
    operator.require(
        count == target.shape[3] == multiplier * source.shape[3],
        f"{count} filters for {source.shape[3]} input and {target.shape[3]} output channels",
    )
    rows = np.ascontiguousarray(weights.reshape(height * width, count).T)
    channels = fold_channels(operator, rows, channel_ratios(operator, count))
    plane_height, plane_width = _plane(operator, window)
    pass_height = min(max(_SUMS_PER_PASS // target.shape[2], 1), target.shape[1])
    fields: dict[str, Field] = {
        "weights": Reference("weights"),
        "channels": Reference("channels"),
        "to": channels.output.fields(),
        "input": shape_fields(source),
        "output": shape_fields(target),
        "window": window.fields(),
        "multiplier": multiplier,
        "plane_height": plane_height,
        "plane_width": plane_width,
        "pass_height": pass_height,
        "input_zero_point": source.zero_point,
    }
    return Step(
        operator,
        macs=target.elements * height * width,
        params=("mt_depthwise_conv2d", fields),
        call="mt_depthwise_conv2d_s8(&{params}, {in0}, {scratch}, {out});",
        arrays=(Array("weights", "int8_t", channels.rows.reshape(-1), is_weights=True), channels.array),
        scratch_bytes=2 * plane_height * plane_width + 4 * (pass_height * target.shape[2] + 1),
        shares=(0,) if multiplier == 1 and target.elements <= source.elements else (),
    )


def _plane(operator: Operator, window: Window) -> tuple[int, int]:
    """Give rows and columns that all windows together touch; one more column than two neighbours need, then even."""
    _, height, width, _ = operator.output.shape
    rows = (height - 1) * window.stride_y + window.reach_y
    columns = (width + width % 2 - 1) * window.stride_x + window.reach_x
    return rows, columns + columns % 2
