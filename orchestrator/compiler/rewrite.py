"""Put operators that we have no kernel for into others that we have, before anything is lowered."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Graph, Operator, Option, Quantisation, Tensor
from orchestrator.compiler.ops.int16.channels import is_narrow
from orchestrator.compiler.ops.window import same_padding


def rewritten(graph: Graph) -> Graph:
    """Give the same network with fewer kinds of operators; what is new in it is made of what was read."""
    tensors = [t for operator in graph.operators for t in (*operator.inputs, *operator.outputs) if t is not None]
    fresh = _Fresh(max((tensor.index for tensor in (*tensors, *graph.inputs)), default=0) + 1)
    operators: list[Operator] = []
    for operator in graph.operators:
        rule = _RULES.get(operator.name)
        operators += rule(operator, fresh) if rule else [operator]
    return replace(graph, operators=tuple(operators))


class _Fresh:
    """Makes tensors with numbers of their own."""

    def __init__(self, first: int) -> None:
        self._next = first

    def like(self, tensor: Tensor, suffix: str, **changes: Any) -> Tensor:
        """Give a copy of a tensor under another number and name."""
        self._next += 1
        return replace(tensor, index=self._next - 1, name=f"{tensor.name}/{suffix}", **changes)

    def constant(self, tensor: Tensor, suffix: str, data: NDArray[Any], **changes: Any) -> Tensor:
        """Give a constant of the type of another."""
        values = np.ascontiguousarray(data)
        return self.like(tensor, suffix, data=values, shape=values.shape, **changes)


def _grouped_convolution(operator: Operator, fresh: _Fresh) -> list[Operator]:
    """CONV_2D whose filters see a part of the channels: depthwise if that is one, else one convolution a group."""
    source, weights = operator.input(0), operator.optional_input(1)
    regular = weights is not None and weights.data is not None and len(weights.shape) == 4 and len(source.shape) == 4
    regular = regular and len(operator.output.shape) == 4
    if not regular or weights is None or weights.shape[3] == 0 or source.shape[3] % weights.shape[3]:
        return [operator]
    groups = source.shape[3] // weights.shape[3]
    if groups == 1 or weights.shape[0] % groups:
        return [operator]
    has_depthwise_form = source.dtype != "int16" or not is_narrow(operator)
    if weights.shape[3] == 1 and has_depthwise_form:
        return [_as_depthwise(operator, fresh, groups)]
    return list(_one_by_one(operator, fresh, groups))


def _as_depthwise(operator: Operator, fresh: _Fresh, groups: int) -> Operator:
    weights = operator.input(1)
    data = operator.constant(1).transpose(3, 1, 2, 0)
    quantisation = weights.quantisation and replace(weights.quantisation, axis=3)
    turned = fresh.constant(weights, "depthwise", data, quantisation=quantisation)
    options = {**operator.options, "DepthMultiplier": data.shape[3] // groups}
    inputs = (operator.inputs[0], turned, *operator.inputs[2:])
    return replace(operator, name="DEPTHWISE_CONV_2D", inputs=inputs, options=options)


def _one_by_one(operator: Operator, fresh: _Fresh, groups: int) -> Iterator[Operator]:
    source, target = operator.input(0), operator.output
    depth, count = source.shape[3] // groups, target.shape[3] // groups
    parts = [fresh.like(source, f"group {g}", shape=(*source.shape[:3], depth)) for g in range(groups)]
    results = [fresh.like(target, f"group {g}", shape=(*target.shape[:3], count)) for g in range(groups)]
    axis = Tensor(-1, "axis", (), "int32", None, np.array(3, np.int32))
    yield replace(operator, name="SPLIT", inputs=(axis, source), outputs=tuple(parts), options={})
    for group, (part, result) in enumerate(zip(parts, results, strict=True)):
        rows = slice(group * count, (group + 1) * count)
        constants = [_rows(tensor, rows, fresh) for tensor in operator.inputs[1:]]
        yield replace(operator, inputs=(part, *constants), outputs=(result,))
    options: dict[str, Option] = {"Axis": 3, "FusedActivationFunction": "NONE"}
    yield replace(operator, name="CONCATENATION", inputs=tuple(results), options=options)


def _rows(tensor: Tensor | None, rows: slice, fresh: _Fresh) -> Tensor | None:
    """Give some output channels of weights or bias, with their scales."""
    if tensor is None or tensor.data is None:
        return tensor
    quantisation = tensor.quantisation
    if quantisation and len(quantisation.scales) > 1:
        quantisation = Quantisation(quantisation.scales[rows], quantisation.zero_points[rows], quantisation.axis)
    return fresh.constant(tensor, f"from {rows.start}", tensor.data[rows], quantisation=quantisation)


@dataclass(frozen=True)
class _Phase:
    """Output positions p, p + stride and so on, along one axis of a transposed convolution.

    Attributes:
        taps: which taps of the filter reach them, None for one of zeros, in the order of the input.
        pad: input positions before the first one that the first window covers.
        count: how many there are.
    """

    first: int
    taps: tuple[int | None, ...]
    pad: int
    count: int


def _transposed_convolution(operator: Operator, fresh: _Fresh) -> list[Operator]:
    """TRANSPOSE_CONV as one convolution for each position of an output pixel within a stride, then put together."""
    source, target, weights = operator.input(2), operator.output, operator.input(1)
    data = operator.constant(1)
    operator.require(data.ndim == len(source.shape) == len(target.shape) == 4, "needs 4 axes")
    bias = operator.optional_input(3)
    if operator.has_int16 and bias is not None:  # the reference reads it as int64, whatever its type says
        operator.require(bias.dtype == "int64", f"needs an int64 bias with int16 activations, but got {bias.dtype}")
    strides = operator.int_option("StrideH"), operator.int_option("StrideW")
    operator.require(min(strides) >= 1, f"strides are {list(strides)}")
    phases = [_phases(operator, axis, stride) for axis, stride in zip((1, 2), strides, strict=True)]
    pieces, convolutions = [], []
    for rows in phases[0]:
        for columns in phases[1]:
            suffix = f"phase {rows.first} {columns.first}"
            filters = _taken(_taken(data, 1, rows.taps), 2, columns.taps)
            shape = (target.shape[0], rows.count, columns.count, target.shape[3])
            pieces.append(fresh.like(target, suffix, shape=shape))
            convolution = replace(
                operator,
                name="CONV_2D",
                inputs=(source, fresh.constant(weights, suffix, filters), *operator.inputs[3:4]),
                outputs=(pieces[-1],),
                options=_convolution_options(operator, rows.pad, columns.pad),
            )
            convolutions.append(convolution)
    if len(pieces) == 1:
        return [replace(convolutions[0], outputs=operator.outputs)]
    options = {"StrideH": strides[0], "StrideW": strides[1]}
    return [*convolutions, replace(operator, name="INTERLEAVE", inputs=tuple(pieces), options=options)]


def _convolution_options(operator: Operator, top: int, left: int) -> dict[str, Option]:
    activation = operator.options["FusedActivationFunction"]
    ones: dict[str, Option] = dict.fromkeys(("StrideH", "StrideW", "DilationHFactor", "DilationWFactor"), 1)
    return {**ones, "Padding": "EXPLICIT", "PadTop": top, "PadLeft": left, "FusedActivationFunction": activation}


def _phases(operator: Operator, axis: int, stride: int) -> list[_Phase]:
    """Tap k of input position i adds to the output position stride * i + k - pad."""
    taps, extent = operator.constant(1).shape[axis], operator.output.shape[axis]
    given = operator.input(2).shape[axis]
    padding = operator.text_option("Padding")
    expected = -(-(extent if padding == "SAME" else extent - taps + 1) // stride)
    operator.require(given == expected, f"{given} to {extent} by steps of {stride} along axis {axis}")
    pad = same_padding(extent, given, taps, stride) if padding == "SAME" else 0
    phases = []
    for first in range(min(stride, extent)):
        shift, smallest = divmod(first + pad, stride)
        own = list(range(smallest, taps, stride))  # reaches input positions shift, shift - 1, ...
        own_count = max(len(own), shift + 1)
        padded = [*own, *[None] * (own_count - len(own))]
        phases.append(_Phase(first, tuple(reversed(padded)), own_count - 1 - shift, -(-(extent - first) // stride)))
    return phases


def _taken(data: NDArray[Any], axis: int, taps: tuple[int | None, ...]) -> NDArray[Any]:
    zeros = np.zeros_like(np.take(data, 0, axis))
    return np.stack([zeros if tap is None else np.take(data, tap, axis) for tap in taps], axis)


def _matrix_product(operator: Operator, fresh: _Fresh) -> list[Operator]:
    """BATCH_MATMUL by one constant matrix, the common case: FULLY_CONNECTED."""
    right = operator.input(1)
    is_one = right.data is not None and len(right.shape) >= 2 and set(right.shape[:-2]) <= {1}
    regular = is_one and right.dtype == "int8" and operator.input(0).data is None
    if not regular or operator.options["AdjX"]:
        return [operator]
    matrix = operator.constant(1).reshape(right.shape[-2:])
    weights = fresh.constant(right, "weights", matrix if operator.options["AdjY"] else matrix.T)
    depth = operator.input(0).shape[-1:]
    operator.require(depth == weights.shape[1:], f"{list(operator.input(0).shape)} by {list(right.shape)}")
    options: dict[str, Option] = {"FusedActivationFunction": "NONE", "WeightsFormat": 0, "KeepNumDims": True}
    return [replace(operator, name="FULLY_CONNECTED", inputs=(operator.inputs[0], weights), options=options)]


_RULES: Mapping[str, Callable[[Operator, _Fresh], list[Operator]]] = {
    "BATCH_MATMUL": _matrix_product,
    "CONV_2D": _grouped_convolution,
    "TRANSPOSE_CONV": _transposed_convolution,
}

REWRITTEN_OPERATORS = frozenset({"TRANSPOSE_CONV"})
INTERNAL_OPERATORS = frozenset({"CONSTANT", "INTERLEAVE", "LOOKUP"})
