"""Compute at compile time what depends on constants alone: shape arithmetic, reordered weights, unused operators."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Graph, Operator, Tensor
from orchestrator.compiler.ops.slice import strided_slice_key
from orchestrator.compiler.quantise import round_half_away

Values = NDArray[Any]


def fold_constants(graph: Graph) -> Graph:
    """Give the network without the operators whose results are known, and without those that nobody reads."""
    known: dict[int, Tensor] = {}
    kept = []
    for operator in graph.operators:
        inputs = tuple(known.get(t.index, t) if t is not None and t.data is None else t for t in operator.inputs)
        operator = replace(operator, inputs=inputs)
        results = _evaluate(operator)
        if results is None:
            kept.append(operator)
        else:
            known |= {tensor.index: tensor for tensor in results}
    known |= {tensor.index: tensor for tensor in graph.outputs if tensor.data is not None}
    outputs = tuple(replace(tensor, data=None) for tensor in graph.outputs)
    constant = {tensor.index: tensor for tensor in outputs if tensor.index in known}
    written = [Operator(len(kept), "CONSTANT", (known[index],), (tensor,)) for index, tensor in constant.items()]
    return Graph((*_used(kept, outputs), *written), graph.inputs, outputs)


def _used(operators: list[Operator], outputs: tuple[Tensor, ...]) -> tuple[Operator, ...]:
    needed = {tensor.index for tensor in outputs}
    used: list[Operator] = []
    for operator in reversed(operators):
        if not operator.outputs or any(tensor.index in needed for tensor in operator.outputs):
            used.append(operator)
            needed |= {tensor.index for tensor in operator.activations}
    return tuple(reversed(used))


def _evaluate(operator: Operator) -> tuple[Tensor, ...] | None:
    """Give the outputs with their values, None if they are not known or we cannot compute them."""
    if operator.name == "SHAPE":
        shape = operator.input(0).shape
        operator.require(operator.output.shape == (len(shape),), f"needs {len(shape)} extents as output")
        return (_with_values(operator.output, np.array(shape)),)
    if operator.activations or not operator.inputs:
        return None
    function = _MOVEMENTS.get(operator.name)
    if function is None and not any(tensor.quantisation for tensor in operator.outputs):
        function = _ARITHMETIC.get(operator.name)
    function = function or _CONVERSIONS.get(operator.name)
    if function is None:
        return None
    try:
        with np.errstate(all="ignore"):
            values = function(operator)
    except (IndexError, TypeError, ValueError) as error:
        raise operator.unsupported(f"its constant inputs contradict each other ({error})") from error
    results = values if isinstance(values, list) else [values]
    fits = len(results) == len(operator.outputs) and all(
        np.size(v) == tensor.elements for v, tensor in zip(results, operator.outputs, strict=False)
    )
    operator.require(fits, "its constant result does not fit its output")
    return tuple(_with_values(tensor, v) for tensor, v in zip(operator.outputs, results, strict=True))


def _with_values(tensor: Tensor, values: Values) -> Tensor:
    return replace(tensor, data=np.ascontiguousarray(values).astype(tensor.dtype).reshape(tensor.shape))


def _numbers(operator: Operator, position: int) -> list[int]:
    return [int(value) for value in operator.constant(position).reshape(-1)]


def _slice(operator: Operator) -> Values:
    begins, sizes = _numbers(operator, 1), _numbers(operator, 2)
    key = tuple(slice(b, None if n == -1 else b + n) for b, n in zip(begins, sizes, strict=True))
    return operator.constant(0)[key]


def _joined(operator: Operator, join: Callable[..., Values]) -> Values:
    return join([operator.constant(i) for i in range(len(operator.inputs))], axis=operator.int_option("Axis"))


def _split(operator: Operator) -> list[Values]:
    return list(np.split(operator.constant(1), len(operator.outputs), axis=_numbers(operator, 0)[0]))


def _unpacked(operator: Operator) -> list[Values]:
    return list(np.moveaxis(operator.constant(0), operator.int_option("Axis"), 0))


def _gathered(operator: Operator) -> Values:
    return np.take(operator.constant(0), operator.constant(1).astype(np.int64), operator.int_option("Axis"))


def _filled(operator: Operator) -> Values:
    extents = _numbers(operator, 0)
    operator.require(extents == list(operator.output.shape), f"extents are {extents}")
    return np.full(extents, operator.constant(1).reshape(-1)[0])


def _range(operator: Operator) -> Values:
    first, _, step = (operator.constant(position).reshape(-1)[0].item() for position in range(3))
    return np.array(first + step * np.arange(operator.output.elements))


def _reduced(function: Callable[..., Values]) -> Callable[[Operator], Values]:
    return lambda operator: function(operator.constant(0), axis=tuple(_numbers(operator, 1)))


def _binary(function: Callable[[Values, Values], Values]) -> Callable[[Operator], Values]:
    return lambda operator: function(operator.constant(0), operator.constant(1))


def _quantised(operator: Operator) -> Values:
    """Float32 to integers as the kernel does it."""
    target, source = operator.output, operator.constant(0)
    operator.require(source.dtype == np.float32, f"constant of type {source.dtype}")
    limits = np.iinfo(target.dtype)
    ratios = (source.astype(np.float32) / np.float32(target.scale)).reshape(-1)
    stored = [round_half_away(float(ratio)) + target.zero_point for ratio in ratios]
    return np.clip(stored, limits.min, limits.max)


def _dequantised(operator: Operator) -> Values:
    source, values = operator.input(0), operator.constant(0)
    if values.dtype == np.float16:
        return values.astype(np.float32)
    return np.float32(source.scale) * (values.astype(np.int32) - source.zero_point).astype(np.float32)


_MOVEMENTS: Mapping[str, Callable[[Operator], Values | list[Values]]] = {
    "CONCATENATION": lambda operator: _joined(operator, np.concatenate),
    "EXPAND_DIMS": lambda operator: operator.constant(0),
    "FILL": _filled,
    "GATHER": _gathered,
    "PACK": lambda operator: _joined(operator, np.stack),
    "RESHAPE": lambda operator: operator.constant(0),
    "SLICE": _slice,
    "SPLIT": _split,
    "SQUEEZE": lambda operator: operator.constant(0),
    "STRIDED_SLICE": lambda operator: operator.constant(0)[strided_slice_key(operator)],
    "TRANSPOSE": lambda operator: operator.constant(0).transpose(_numbers(operator, 1)),
    "UNPACK": _unpacked,
}

_ARITHMETIC: Mapping[str, Callable[[Operator], Values | list[Values]]] = {
    "ADD": _binary(np.add),
    "CAST": lambda operator: operator.constant(0),
    "FLOOR_DIV": _binary(np.floor_divide),
    "FLOOR_MOD": _binary(np.mod),
    "MAXIMUM": _binary(np.maximum),
    "MINIMUM": _binary(np.minimum),
    "MUL": _binary(np.multiply),
    "RANGE": _range,
    "REDUCE_PROD": _reduced(np.prod),
    "SUB": _binary(np.subtract),
    "SUM": _reduced(np.sum),
}

_CONVERSIONS: Mapping[str, Callable[[Operator], Values | list[Values]]] = {
    "DEQUANTIZE": _dequantised,
    "QUANTIZE": _quantised,
}
