"""DEPTHWISE_CONV_2D: weights `[1, height, width, output channel]`, one scale per output channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.channels import Channels, channel_ratios, fold_channels, weights_of
from orchestrator.compiler.ops.window import Window, shape_fields, window_of
from orchestrator.compiler.step import Array, Field, Reference, Step

_CHANNELS_PER_WORD = 4
_OUTPUTS_PER_TURN = 4  # of stride 2
_PREPARED_BYTES = 160  # what the 3x3 kernel needs of four channels
_MAX_LEFT_SHIFT = 8  # 127 << 8 is the largest weight that fits into 16 bits
_WORD_BYTES = 4


@dataclass(frozen=True)
class _Variant:
    """What a kernel needs beyond what both share; `name` is also that of its parameter struct.

    Attributes:
        rows: the weights in the kernel's order.
    """

    name: str
    fields: Mapping[str, Field]
    rows: NDArray[np.int8]
    scratch_bytes: int


def lower(operator: Operator) -> Step:
    """Lower to `mt_depthwise_conv2d_3x3_s8` or `mt_depthwise_conv2d_s8`."""
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
    is_3x3 = multiplier == 1 and _takes_3x3(operator, window, channels)
    variant = _rows_3x3(operator, window, channels) if is_3x3 else _any_window(operator, window, channels)
    fields: dict[str, Field] = {
        "weights": Reference("weights"),
        "channels": Reference("channels"),
        "to": channels.output_fields(),
        "input": shape_fields(source),
        "output": shape_fields(target),
        "input_zero_point": source.zero_point,
        **variant.fields,
    }
    shrinks = target.shape[1] <= source.shape[1] and target.shape[2] <= source.shape[2]
    return Step(
        operator,
        macs=target.elements * height * width,
        params=(variant.name, fields),
        call=f"{variant.name}_s8(&{{params}}, {{in0}}, {{scratch}}, {{out}});",
        arrays=(Array("weights", "int8_t", variant.rows.reshape(-1), is_weights=True), channels.array),
        scratch_bytes=variant.scratch_bytes,
        shares=(0,) if multiplier == 1 and shrinks else (),
    )


def _takes_3x3(operator: Operator, window: Window, channels: Channels) -> bool:
    fits_window = (window.height, window.width, window.dilation_y, window.dilation_x) == (3, 3, 1, 1)
    fits_stride = window.stride_y == window.stride_x <= 2 and window.pad_top <= 2
    fits_turn = window.stride_x == 2 or operator.output.shape[2] >= 2
    groups: NDArray[Any] = channels.array.values
    fits_lanes = int(groups["shifts"][..., 0].max()) <= _MAX_LEFT_SHIFT
    return fits_window and fits_stride and fits_turn and fits_lanes and operator.output.shape[3] >= _CHANNELS_PER_WORD


def _rows_3x3(operator: Operator, window: Window, channels: Channels) -> _Variant:
    """Two pairs of rows of four channels; stride 2 reads whole turns."""
    input_width, output_width = operator.input(0).shape[2], operator.output.shape[2]
    columns = output_width + 2 if window.stride_x == 1 else 2 * max(output_width, _OUTPUTS_PER_TURN) + 1
    operator.require(columns <= 65535, "the image is too wide")
    fields: dict[str, Field] = {
        "columns": columns,
        "widened": min(input_width, columns - window.pad_left),
        "stride": window.stride_x,
        "pad_top": window.pad_top,
        "pad_left": window.pad_left,
    }
    scratch_bytes = 2 * columns * _CHANNELS_PER_WORD * _WORD_BYTES + _PREPARED_BYTES
    return _Variant("mt_depthwise_conv2d_3x3", fields, channels.rows, scratch_bytes)


def _any_window(operator: Operator, window: Window, channels: Channels) -> _Variant:
    """One channel's plane, with a spare value at the end of each row, or column if the window is higher than wide."""
    count = operator.output.shape[3]
    _, rows, columns, _ = operator.output.shape
    height = (rows - 1) * window.stride_y + window.reach_y + window.dilation_y
    width = (columns - 1) * window.stride_x + window.reach_x + window.dilation_x
    width += width % 2
    is_high = window.height > window.width
    steps = {"row_step": 1, "column_step": height} if is_high else {"row_step": width, "column_step": 1}
    operator.require(max(height, width) <= 65535, "the image of a channel is too large")
    fields: dict[str, Field] = {
        "window": window.fields(),
        "plane": {"height": height, "width": width, **steps},
        "multiplier": count // operator.input(0).shape[3],
    }
    filters = channels.rows.reshape(count, window.height, window.width)
    longer, shorter = max(window.height, window.width), min(window.height, window.width)
    return _Variant(
        "mt_depthwise_conv2d",
        fields,
        filters.transpose(0, 2, 1) if is_high else filters,
        scratch_bytes=2 * height * width + 4 * shorter * -(-longer // 2),
    )
