"""DEPTHWISE_CONV_2D of int16 activations and int8 weights."""

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.channels import channel_ratios
from orchestrator.compiler.ops.int16.channels import channels_array, is_narrow, weights_of
from orchestrator.compiler.ops.int16.factor import range_fields
from orchestrator.compiler.ops.window import shape_fields, window_of
from orchestrator.compiler.step import Array, Field, Reference, Step

_BYTE_ORDER = (0, 2, 1, 3)  # so that the bytes 0 and 2 of a word are neighbouring channels


def lower(operator: Operator) -> Step:
    """Lower to `mt_depthwise_conv2d_s16`."""
    source, target = operator.input(0), operator.output
    operator.require_int16(source, target)
    weights = weights_of(operator, axis=3, rank=4)
    _, height, width, count = weights.shape
    window = window_of(operator, height, width)
    multiplier = count // source.shape[3]
    fits = weights.shape[0] == 1 and count == target.shape[3] == multiplier * source.shape[3]
    operator.require(fits, f"weights {list(weights.shape)} for {source.shape[3]} and {target.shape[3]} channels")
    # The reference reads the bias as int64, whatever its type says.
    operator.require(not is_narrow(operator), "an int32 bias; with int16 activations it must be int64")
    rows = np.ascontiguousarray(weights.reshape(height * width, count).T)
    fields: dict[str, Field] = {
        "weights": Reference("weights"),
        "channels": Reference("channels"),
        "input": shape_fields(source),
        "output": shape_fields(target),
        "window": window.fields(),
        "multiplier": multiplier,
        "range": range_fields(operator),
    }
    return Step(
        operator,
        macs=target.elements * height * width,
        params=("mt_depthwise_conv2d_s16_layer", fields),
        call="mt_depthwise_conv2d_s16(&{params}, (const void *)({in0}), (void *)({out}));",
        arrays=(
            Array("weights", "int8_t", _packed(rows), is_weights=True),
            channels_array(operator, rows, channel_ratios(operator, count), count),
        ),
    )


def _packed(rows: NDArray[np.int8]) -> NDArray[np.int8]:
    """Give the bytes of `mt_depthwise_conv2d_s16_layer`: [tap][channel]."""
    count, taps = rows.shape
    padded = np.pad(rows.T, ((0, 0), (0, -count % 4)))
    return np.ascontiguousarray(padded.reshape(taps, -1, 4)[..., _BYTE_ORDER]).reshape(-1)
