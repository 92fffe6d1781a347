"""Convolutions of all kinds by the plain kernel: whatever weights and biases there are, exact and slow."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Operator
from orchestrator.compiler.ops.channels import channel_ratios
from orchestrator.compiler.ops.window import Window, shape_fields, window_of
from orchestrator.compiler.quantise import Scale, output_range
from orchestrator.compiler.step import Array, Field, Reference, Step
from orchestrator.domain.errors import UnsupportedModelError

_GROUP = np.dtype([("bias", "i4", 4), ("multipliers", "i4", 4), ("shifts", "u1", (4, 2))])
_WEIGHTS_AXIS = {"DEPTHWISE_CONV_2D": 3}


def or_plain(lower: Callable[[Operator], Step]) -> Callable[[Operator], Step]:
    """Give a lowering that takes the plain kernel where the fast one refuses.

    What is wrong with the network itself, the plain one refuses too.
    """

    def lower_either(operator: Operator) -> Step:
        try:
            return lower(operator)
        except UnsupportedModelError:
            return lower_plain(operator)

    return lower_either


def lower_plain(operator: Operator) -> Step:
    """Lower CONV_2D, DEPTHWISE_CONV_2D or FULLY_CONNECTED to `mt_conv2d_plain_s8`."""
    source, target = operator.input(0), operator.output
    operator.require_int8(source, target)
    operator.require(source.data is None, "the input must be computed at run time")
    filters = _filters(operator)
    count, height, width, depth = filters.shape
    input_shape, output_shape, window = _geometry(operator, filters)
    groups = source.shape[-1] // depth if operator.name != "FULLY_CONNECTED" else 1
    fits = input_shape["channels"] == groups * depth and count % groups == 0 and count == output_shape["channels"]
    operator.require(fits, f"{count} filters of depth {depth} for {list(source.shape)} to {list(target.shape)}")
    multiplier = operator.options.get("DepthMultiplier", count // groups)
    operator.require(
        multiplier == count // groups, f"a depth multiplier of {multiplier}, but {count // groups} filters"
    )
    leaves = output_range(operator.text_option("FusedActivationFunction"), target.scale, target.zero_point)
    fields: dict[str, Field] = {
        "weights": Reference("weights"),
        "channels": Reference("channels"),
        "to": leaves.fields(),
        "input": input_shape,
        "output": output_shape,
        "window": window.fields(),
        "depth": depth,
        "filters_per_group": count // groups,
        "input_zero_point": source.zero_point,
        "weights_zero_point": _weights_zero_point(operator),
    }
    return Step(
        operator,
        macs=target.elements * height * width * depth,
        params=("mt_conv2d_plain", fields),
        call="mt_conv2d_plain_s8(&{params}, {in0}, {out});",
        arrays=(Array("weights", "int8_t", filters.reshape(-1), is_weights=True), _channels(operator, count)),
    )


def _filters(operator: Operator) -> NDArray[np.int8]:
    """Give the weights as [output channel, height, width, input channel]."""
    weights = operator.constant(1)
    operator.require(weights.dtype == np.int8, f"needs int8 weights, but they are {weights.dtype}")
    rank = 2 if operator.name == "FULLY_CONNECTED" else 4
    operator.require(weights.ndim == rank, f"needs weights of {rank} dimensions, but got {weights.ndim}")
    if rank == 2:
        return weights[:, None, None, :].astype(np.int8)
    if operator.name == "DEPTHWISE_CONV_2D":
        return np.ascontiguousarray(weights.transpose(3, 1, 2, 0)).astype(np.int8)
    return weights.astype(np.int8)


def _geometry(operator: Operator, filters: NDArray[np.int8]) -> tuple[dict[str, Field], dict[str, Field], Window]:
    """Give shapes and window; the samples of a FULLY_CONNECTED are rows of an image one pixel wide."""
    count, height, width, depth = filters.shape
    if operator.name != "FULLY_CONNECTED":
        window = window_of(operator, height, width)
        return shape_fields(operator.input(0)), shape_fields(operator.output), window
    samples = operator.input(0).elements // depth
    fits = samples * depth == operator.input(0).elements and samples * count == operator.output.elements
    fits = fits and operator.output.shape[-1:] == (count,)
    operator.require(fits, f"{operator.input(0).elements} inputs, {operator.output.elements} outputs")
    operator.require(max(samples, depth, count) <= 65535, "more than 65,535 samples, inputs or outputs")
    image: dict[str, Field] = {"height": samples, "width": 1}
    return {**image, "channels": depth}, {**image, "channels": count}, Window(1, 1, 1, 1, 1, 1, 0, 0)


def _weights_zero_point(operator: Operator) -> int:
    """Give what FULLY_CONNECTED subtracts from weights; the reference's convolutions know no such thing."""
    quantisation = operator.input(1).quantisation
    if quantisation is None:
        raise operator.unsupported("the weights carry no scale")
    axis = _WEIGHTS_AXIS.get(operator.name, 0)
    per_axis = len(quantisation.scales) > 1
    operator.require(not per_axis or quantisation.axis == axis, f"weights must be quantised along axis {axis}")
    same = len(set(quantisation.zero_points)) == 1
    allowed = same and (operator.name == "FULLY_CONNECTED" or quantisation.zero_points[0] == 0)
    operator.require(allowed, "the zero point of weights must be 0")
    return quantisation.zero_points[0]


def _channels(operator: Operator, count: int) -> Array:
    bias = np.zeros(count, np.int32)
    if operator.optional_input(2) is not None:
        given = operator.constant(2)
        operator.require(given.dtype == np.int32 and given.size == count, f"needs an int32 bias of {count} values")
        bias = given.astype(np.int32)
    ratios = np.broadcast_to(channel_ratios(operator, count), count)
    scales = [Scale.of(float(ratio)) for ratio in ratios] + [Scale.of(0.0)] * (-count % 4)
    groups = np.zeros(len(scales) // 4, _GROUP)
    groups["bias"] = np.pad(bias.reshape(-1), (0, -count % 4)).reshape(-1, 4)
    groups["multipliers"] = np.reshape([scale.multiplier for scale in scales], (-1, 4))
    groups["shifts"] = np.reshape([(scale.left, scale.right) for scale in scales], (-1, 4, 2))
    return Array("channels", "mt_channels", groups, is_weights=True)
