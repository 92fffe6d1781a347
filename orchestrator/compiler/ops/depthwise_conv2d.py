"""DEPTHWISE_CONV_2D: weights `[1, height, width, output channel]`, one scale per output channel."""

from dataclasses import dataclass

import numpy as np

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.channels import channel_ratios, fold_channels, weights_of
from orchestrator.compiler.ops.window import Window, shape_fields, window_of
from orchestrator.compiler.step import Array, Field, Reference, Step


@dataclass(frozen=True)
class _Plane:
    """Where one channel's padded image lies in scratch memory (`mt_plane`); `weights_bytes` of one channel behind."""

    height: int
    width: int
    pair_step: int
    odd_step: int
    row_step: int
    weights_bytes: int

    def fields(self) -> dict[str, int]:
        """Give the fields of the C struct `mt_plane`."""
        return {name: value for name, value in vars(self).items() if name != "weights_bytes"}

    @property
    def scratch_bytes(self) -> int:
        """Bytes of the plane and what lies behind it."""
        return 2 * self.height * self.width + self.weights_bytes


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
    operator.require(operator.options["DepthMultiplier"] == multiplier, f"the depth multiplier must be {multiplier}")
    rows = np.ascontiguousarray(weights.reshape(height * width, count).T)
    channels = fold_channels(operator, rows, channel_ratios(operator, count))
    is_3x3 = _is_plain_3x3(window)
    plane = _strips(operator, window) if is_3x3 else _plane(operator, window)
    operator.require(max(plane.fields().values()) <= 65535, "the image of a channel is too large")
    rows = channels.rows.reshape(count, height, width)
    if plane.row_step == 1:
        rows = rows.transpose(0, 2, 1)
    fields: dict[str, Field] = {
        "weights": Reference("weights"),
        "channels": Reference("channels"),
        "to": channels.output_fields(),
        "input": shape_fields(source),
        "output": shape_fields(target),
        "window": window.fields(),
        "plane": plane.fields(),
        "multiplier": multiplier,
        "input_zero_point": source.zero_point,
    }
    return Step(
        operator,
        macs=target.elements * height * width,
        params=("mt_depthwise_conv2d", fields),
        call=f"mt_depthwise_conv2d_{'3x3_' if is_3x3 else ''}s8(&{{params}}, {{in0}}, {{scratch}}, {{out}});",
        arrays=(Array("weights", "int8_t", rows.reshape(-1), is_weights=True), channels.array),
        scratch_bytes=plane.scratch_bytes,
        shares=(0,) if multiplier == 1 and target.elements <= source.elements else (),
    )


def _is_plain_3x3(window: Window) -> bool:
    fits_window = (window.height, window.width, window.dilation_y, window.dilation_x) == (3, 3, 1, 1)
    return fits_window and window.stride_y == window.stride_x <= 2


def _strips(operator: Operator, window: Window) -> _Plane:
    """Give strips of two columns: stride 1 yields two output columns each, stride 2 one; two output rows at a time."""
    _, rows, columns, _ = operator.output.shape
    strips = (columns + 1) // 2 + 1 if window.stride_x == 1 else columns + 1
    height = (rows + rows % 2 - 1) * window.stride_y + 3
    return _Plane(height, 2 * strips, pair_step=2 * height, odd_step=1, row_step=2, weights_bytes=0)


def _plane(operator: Operator, window: Window) -> _Plane:
    """Give rows, or columns if the window is higher than wide, with a spare value at the end of each."""
    _, rows, columns, _ = operator.output.shape
    height = (rows - 1) * window.stride_y + window.reach_y + window.dilation_y
    width = (columns - 1) * window.stride_x + window.reach_x + window.dilation_x
    width += width % 2
    longer, shorter = max(window.height, window.width), min(window.height, window.width)
    weights_bytes = 4 * shorter * (-(-longer // 2))
    if window.height > window.width:
        return _Plane(height, width, 2 * height, height, 1, weights_bytes)
    return _Plane(height, width, 2, 1, width, weights_bytes)
