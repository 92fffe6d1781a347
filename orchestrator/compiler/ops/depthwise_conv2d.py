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
_LARGEST_FIELD = 65535


@dataclass(frozen=True)
class _Variant:
    """What one of the two kernels needs beyond weights, channels and zero points.

    Attributes:
        name: of the parameter struct, and of the kernel without `_s8`.
        rows: the weights in the kernel's order.
        works_in_place: the output may lie where the input is.
    """

    name: str
    fields: Mapping[str, Field]
    rows: NDArray[np.int8]
    scratch_bytes: int
    works_in_place: bool


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
    operator.require(operator.options["DepthMultiplier"] == multiplier, f"the depth multiplier must be {multiplier}")
    rows = np.ascontiguousarray(weights.reshape(height * width, count).T)
    channels = fold_channels(operator, rows, channel_ratios(operator, count))
    filters = channels.rows.reshape(count, height, width)
    is_3x3 = multiplier == 1 and _takes_3x3(operator, window, channels)
    variant = _rows_3x3(operator, window, filters) if is_3x3 else _any_window(operator, window, filters)
    fields: dict[str, Field] = {
        "weights": Reference("weights"),
        "channels": Reference("channels"),
        "to": channels.output_fields(),
        "input_zero_point": source.zero_point,
        **variant.fields,
    }
    return Step(
        operator,
        macs=target.elements * height * width,
        params=(variant.name, fields),
        call=f"{variant.name}_s8(&{{params}}, {{in0}}, {{scratch}}, {{out}});",
        arrays=(Array("weights", "int8_t", variant.rows.reshape(-1), is_weights=True), channels.array),
        scratch_bytes=variant.scratch_bytes,
        shares=(0,) if multiplier == 1 and variant.works_in_place else (),
    )


def _takes_3x3(operator: Operator, window: Window, channels: Channels) -> bool:
    fits_window = (window.height, window.width, window.dilation_y, window.dilation_x) == (3, 3, 1, 1)
    fits_stride = window.stride_y == window.stride_x <= 2 and window.pad_top <= 2
    fits_turn = window.stride_x == 2 or operator.output.shape[2] >= 2
    groups: NDArray[Any] = channels.array.values
    fits_lanes = int(groups["shifts"][..., 0].max()) <= _MAX_LEFT_SHIFT
    return fits_window and fits_stride and fits_turn and fits_lanes and operator.output.shape[3] >= _CHANNELS_PER_WORD


def _rows_3x3(operator: Operator, window: Window, filters: NDArray[np.int8]) -> _Variant:
    """Two pairs of rows of four channels; stride 2 reads whole turns."""
    source, target = operator.input(0), operator.output
    columns = _columns_3x3(target.shape[2], window.stride_x)
    operator.require(columns <= _LARGEST_FIELD, "the image is too wide")
    fields: dict[str, Field] = {
        "input": shape_fields(source),
        "output": shape_fields(target),
        "columns": columns,
        "widened": min(source.shape[2], columns - window.pad_left),
        "stride": window.stride_x,
        "pad_top": window.pad_top,
        "pad_left": window.pad_left,
    }
    scratch_bytes = scratch_bytes_3x3(target.shape[2], window.stride_x)
    shrinks = target.shape[1] <= source.shape[1] and target.shape[2] <= source.shape[2]
    return _Variant("mt_depthwise_conv2d_3x3", fields, filters, scratch_bytes, shrinks)


def _columns_3x3(output_width: int, stride: int) -> int:
    return output_width + 2 if stride == 1 else 2 * max(output_width, _OUTPUTS_PER_TURN) + 1


def _any_window(operator: Operator, window: Window, filters: NDArray[np.int8]) -> _Variant:
    """A ring of rows of four channels; rows are columns where that makes them longer, or the window's."""
    shapes = operator.input(0).shape, operator.output.shape
    is_turned = window.height > window.width or shapes[1][2] < _OUTPUTS_PER_TURN < shapes[1][1]
    if is_turned:
        window, filters = _turned(window), filters.transpose(0, 2, 1)
    source_width, width = (_extents(shape, is_turned)[1] for shape in shapes)
    words = _words_of(window)
    indent = window.pad_left + window.pad_left % 2
    row_words = _row_words(window, width)
    widened = min(source_width, 2 * row_words - indent)
    fields: dict[str, Field] = {
        "input": _image_fields(shapes[0], is_turned),
        "output": _image_fields(shapes[1], is_turned),
        "window": window.fields(),
        "ring_rows": window.reach_y,
        "row_words": row_words,
        "indent": indent,
        "widened": widened,
        "words": words,
        "multiplier": shapes[1][3] // shapes[0][3],
    }
    operator.require(max(row_words, window.reach_y) <= _LARGEST_FIELD, "the image is too wide")
    in_place = shapes[0] == shapes[1] if is_turned else follows(*shapes, window)
    return _Variant("mt_depthwise_conv2d", fields, filters, scratch_bytes_any(window, width), in_place)


def scratch_bytes_3x3(output_width: int, stride: int) -> int:
    """Give what the 3x3 kernel needs: two pairs of rows of four channels."""
    return 2 * _columns_3x3(output_width, stride) * _CHANNELS_PER_WORD * _WORD_BYTES + _PREPARED_BYTES


def scratch_bytes_any(window: Window, output_width: int) -> int:
    """Give what the kernel for any window needs: a ring of rows of four channels, their weights, pointers to rows."""
    rows = window.reach_y * _row_words(window, output_width) + window.height * _words_of(window)
    return _WORD_BYTES * (_CHANNELS_PER_WORD * rows + window.height)


def _taps_per_word(window: Window) -> int:
    return 2 if window.dilation_x == 1 else 1


def _words_of(window: Window) -> int:
    return -(-window.width // _taps_per_word(window))


def _row_words(window: Window, output_width: int) -> int:
    indent = window.pad_left + window.pad_left % 2
    first = indent - window.pad_left + (max(output_width, _OUTPUTS_PER_TURN) - 1) * window.stride_x
    reach = (_words_of(window) - 1) * max(_taps_per_word(window), window.dilation_x)
    return -(-max(first + reach + 2, indent + 2) // 2)


def _turned(window: Window) -> Window:
    """Give the window for an image whose rows are columns."""
    return Window(
        window.width, window.height, window.stride_x, window.stride_y,
        window.dilation_x, window.dilation_y, window.pad_left, window.pad_top,
    )  # fmt: skip


def _extents(shape: tuple[int, ...], is_turned: bool) -> tuple[int, int]:
    _, height, width, _ = shape
    return (width, height) if is_turned else (height, width)


def _image_fields(shape: tuple[int, ...], is_turned: bool) -> dict[str, Field]:
    """Give the fields of the C struct `mt_image`."""
    height, width = _extents(shape, is_turned)
    row, pixel = shape[2] * shape[3], shape[3]
    steps = (pixel, row) if is_turned else (row, pixel)
    return {"row_step": steps[0], "pixel_step": steps[1], "height": height, "width": width, "channels": shape[3]}


def follows(source: tuple[int, ...], target: tuple[int, ...], window: Window) -> bool:
    """Whether no row of outputs reaches into rows of the input that its windows have not seen yet."""
    (_, input_height, input_width, _), (_, height, width, _) = source, target
    seen = (y * window.stride_y + window.reach_y - window.pad_top for y in range(height))
    return all(rows >= input_height or (y + 1) * width <= rows * input_width for y, rows in enumerate(seen))
