"""CONV_2D: weights `[output channel, height, width, input channel]`, one scale per output channel."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.channels import Channels, channel_ratios, fold_channels, weights_of
from orchestrator.compiler.ops.fully_connected import fold, lower_one_sample
from orchestrator.compiler.ops.matrix import (
    ROWS_FOR_TWO_COLUMNS,
    VALUES_PER_QUAD,
    clamped,
    matrix_arrays,
    matrix_fields,
    quads_in,
)
from orchestrator.compiler.ops.window import Window, shape_fields, window_of
from orchestrator.compiler.step import Field, Step

_LARGEST_WIDTH = 65535
_POINT = Window(1, 1, 1, 1, 1, 1, 0, 0)


def lower(operator: Operator) -> Step:
    """Lower to `mt_conv2d_s8`, or to `mt_fully_connected_s8` where one window is all there is."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source, target)
    weights = weights_of(operator, axis=0)
    operator.require(weights.ndim == 4, f"needs weights of 4 dimensions, but got {weights.ndim}")
    count, height, width, depth = weights.shape
    window = window_of(operator, height, width)
    operator.require(depth == source.shape[3], f"grouped convolution ({depth} of {source.shape[3]} input channels)")
    operator.require(count == target.shape[3], f"{count} filters for {target.shape[3]} output channels")
    channels = fold_channels(operator, weights.reshape(count, -1), channel_ratios(operator, count))
    if target.shape[1] * target.shape[2] == 1 and source.shape[1:3] == (height, width):
        return _lower_one_sample(operator, channels)
    if (height, width, window.stride_y, window.stride_x) == (1, 1, 1, 1):
        return lower_pointwise(operator, channels, target.shape[1] * target.shape[2])
    return _lower(operator, channels, window, weights.shape, shape_fields(source), shape_fields(target))


def lower_pointwise(operator: Operator, channels: Channels, pixels: int) -> Step:
    """Lower what treats each of `pixels` alike to a convolution over an image that is one row."""
    count, depth = channels.rows.shape
    operator.require(max(pixels, count, depth) <= _LARGEST_WIDTH, f"more than {_LARGEST_WIDTH:,} pixels or channels")
    shapes: list[dict[str, Field]] = [{"height": 1, "width": pixels, "channels": n} for n in (depth, count)]
    step = _lower(operator, channels, _POINT, (count, 1, 1, depth), *shapes)
    return replace(step, shares=(0,) if count <= depth else ())


def lower_fully_connected(operator: Operator) -> Step:
    """Lower FULLY_CONNECTED: several samples are the pixels of a convolution."""
    channels, samples = fold(operator)
    return _lower_one_sample(operator, channels) if samples == 1 else lower_pointwise(operator, channels, samples)


def _lower_one_sample(operator: Operator, channels: Channels) -> Step:
    return replace(lower_one_sample(operator, channels), otherwise=lower_pointwise(operator, channels, 1))


def _lower(
    operator: Operator,
    channels: Channels,
    window: Window,
    shape: tuple[int, ...],
    source: dict[str, Field],
    target: dict[str, Field],
) -> Step:
    _, height, width, depth = shape
    order = _order(height, width * depth)
    operator.require(len(order) // VALUES_PER_QUAD <= 65535, "the window holds too many values")
    fields: dict[str, Field] = {
        "matrix": matrix_fields(channels, order),
        "input": source,
        "output": target,
        "window": window.fields(),
        "input_zero_point": operator.input(0).zero_point,
    }
    return Step(
        operator,
        macs=operator.output.elements * height * width * depth,
        kernel="mt_conv2d_s8",
        params=("mt_conv2d", fields),
        call=clamped("mt_conv2d_s8(&{params}, {in0}, {scratch}, {out});", operator, channels),
        arrays=matrix_arrays(channels, order, ROWS_FOR_TWO_COLUMNS),
        scratch_bytes=scratch_bytes(height * width * depth, is_point=window == _POINT),
    )


def _order(rows: int, values: int) -> NDArray[np.intp]:
    """Give the kernel's order of the values under a window (`mt_conv2d`): whole quads of every row first."""
    depth = np.arange(rows * values, dtype=np.intp).reshape(rows, values)
    whole, pairs = values // VALUES_PER_QUAD * VALUES_PER_QUAD, values // 2 * 2
    quads = depth[:, :whole].reshape(-1, VALUES_PER_QUAD)[:, [0, 2, 1, 3]]
    order = np.concatenate([part.reshape(-1) for part in (quads, depth[:, whole:pairs], depth[:, pairs:])])
    return np.pad(order, (0, -len(order) % VALUES_PER_QUAD), constant_values=-1)


def scratch_bytes(values: int, *, is_point: bool) -> int:
    """Give what the kernel needs: two columns of the values under a window, and those themselves at the border."""
    return (16 if is_point else 20) * quads_in(values)
