"""CONV_2D and FULLY_CONNECTED of int16 activations and int8 weights."""

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.channels import channel_ratios
from orchestrator.compiler.ops.int16.channels import channels_array, is_narrow, weights_of
from orchestrator.compiler.ops.int16.factor import range_fields
from orchestrator.compiler.ops.window import Window, shape_fields, window_of
from orchestrator.compiler.step import Array, Field, Reference, Step

_VALUES_PER_QUAD = 4
_BYTE_ORDER = (0, 2, 1, 3)  # so that the bytes 0 and 2 of a word are neighbours in the column
_POINT = Window(1, 1, 1, 1, 1, 1, 0, 0)


def lower_convolution(operator: Operator) -> Step:
    """Lower CONV_2D to `mt_conv2d_s16`."""
    source, target = operator.input(0), operator.output
    operator.require_int16(source, target)
    filters = weights_of(operator, axis=0, rank=4)
    count, height, width, depth = filters.shape
    window = window_of(operator, height, width)
    operator.require(depth == source.shape[3], f"grouped convolution ({depth} of {source.shape[3]} input channels)")
    operator.require(count == target.shape[3], f"{count} filters for {target.shape[3]} output channels")
    shapes: dict[str, Field] = {"input": shape_fields(source), "output": shape_fields(target)}
    return _step(operator, filters.reshape(count, -1), channel_ratios(operator, count), shapes, window)


def lower_fully_connected(operator: Operator) -> Step:
    """Lower FULLY_CONNECTED to `mt_conv2d_s16`: each sample is a row of an image one pixel wide."""
    source, target = operator.input(0), operator.output
    operator.require_int16(source, target)
    operator.require(operator.int_option("WeightsFormat") == 0, "shuffled weights are not supported")
    weights = weights_of(operator, axis=0, rank=2)
    count, depth = weights.shape
    samples = source.elements // depth
    fits = samples * depth == source.elements and samples * count == target.elements
    operator.require(fits, f"{source.elements} inputs, {target.elements} outputs for weights {list(weights.shape)}")
    operator.require(max(samples, depth, count) <= 65535, "more than 65,535 samples, inputs or outputs")
    image: dict[str, Field] = {"height": samples, "width": 1}
    shapes: dict[str, Field] = {"input": {**image, "channels": depth}, "output": {**image, "channels": count}}
    return _step(operator, weights, channel_ratios(operator, count), shapes, _POINT)


def _step(
    operator: Operator, rows: NDArray[np.int8], ratios: NDArray[np.float64], shapes: dict[str, Field], window: Window
) -> Step:
    operator.require(operator.input(0).data is None, "the input must be computed at run time")
    count, values = rows.shape
    quads = -(-values // _VALUES_PER_QUAD)
    operator.require(quads <= 65535, "the window holds too many values")
    fields: dict[str, Field] = {
        "weights": Reference("weights"),
        "channels": Reference("channels"),
        **shapes,
        "window": window.fields(),
        "quads": quads,
        "is_narrow": int(is_narrow(operator)),
        "range": range_fields(operator),
    }
    is_gathered = (window.height, window.width) != (1, 1) or values % _VALUES_PER_QUAD != 0
    return Step(
        operator,
        macs=operator.output.elements * values,
        params=("mt_conv2d_s16_layer", fields),
        call=f"mt_conv2d_s16(&{{params}}, (const void *)({{in0}}), {'{scratch}' if is_gathered else 0}, "
        "(void *)({out}));",
        arrays=(
            Array("weights", "uint32_t", _packed(rows), is_weights=True),
            channels_array(operator, rows, ratios, count + count % 2),
        ),
        scratch_bytes=2 * 2 * _VALUES_PER_QUAD * quads if is_gathered else 0,
    )


def _packed(rows: NDArray[np.int8]) -> NDArray[np.uint32]:
    """Give the words of `mt_conv2d_s16_layer`: [pair of rows][quad][row]."""
    count, values = rows.shape
    padded = np.pad(rows, ((0, count % 2), (0, -values % _VALUES_PER_QUAD)))
    quads = padded.reshape(len(padded) // 2, 2, -1, _VALUES_PER_QUAD)[..., _BYTE_ORDER]
    return np.ascontiguousarray(quads.transpose(0, 2, 1, 3)).reshape(-1).view("<u4")
