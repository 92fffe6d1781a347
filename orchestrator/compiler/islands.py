"""Float operators between DEQUANTIZE and QUANTIZE, without float arithmetic on the board.

A float tensor all of whose values come from one stored byte each is that byte and a table of 256 real numbers. What
applies a function to each value changes the table; what moves values, or picks the largest, works on the bytes; and
QUANTIZE looks the result up. Exporters leave such islands around operators that their quantiser does not know.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from orchestrator.compiler.float_functions import Reals, applied, quantised
from orchestrator.compiler.graph import Graph, Operator, Tensor

_MOVEMENTS = frozenset({
    "BATCH_TO_SPACE_ND", "BROADCAST_TO", "DEPTH_TO_SPACE", "EXPAND_DIMS", "GATHER", "RESHAPE", "REVERSE_V2", "SLICE",
    "SPACE_TO_DEPTH", "SPLIT", "SPLIT_V", "SQUEEZE", "STRIDED_SLICE", "TILE", "TRANSPOSE", "UNPACK",
})  # fmt: skip
_LARGEST = frozenset({"MAX_POOL_2D", "REDUCE_MAX", "REDUCE_MIN"})
"""They give one of the values they see, the largest or smallest: right on bytes if the table never falls."""
_PLACES = frozenset({"ARG_MAX", "ARG_MIN"})
_BYTES = ("int8", "uint8")


@dataclass(frozen=True)
class _Coded:
    """A float tensor: its bytes, and the real number of each, in the order of int8.

    Attributes:
        origin: the DEQUANTIZE that gives just these numbers, None once a function has been applied.
    """

    code: Tensor
    reals: Reals
    origin: Operator | None = None


def without_islands(graph: Graph) -> Graph:
    """Give the same network with tables in place of float operators, where that can be done."""
    return replace(graph, operators=tuple(_Islands(graph).operators()))


class _Islands:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        tensors = [t for operator in graph.operators for t in (*operator.inputs, *operator.outputs) if t is not None]
        self._next = max((tensor.index for tensor in (*tensors, *graph.inputs)), default=0) + 1
        self._coded: dict[int, _Coded] = {}

    def operators(self) -> Iterator[Operator]:
        for operator in self._graph.operators:
            yield from self._absorbed(operator)
        for tensor in self._graph.outputs:
            yield from self._as_float(tensor)

    def _absorbed(self, operator: Operator) -> Iterator[Operator]:
        """Give what remains of an operator."""
        coded = self._only_input(operator)
        if operator.name == "DEQUANTIZE" and _is_plain(operator):
            self._coded[operator.output.index] = _dequantised(operator)
        elif coded is None:
            for tensor in operator.activations:
                yield from self._as_float(tensor)
            yield operator
        elif operator.name == "QUANTIZE" and operator.output.dtype in _BYTES:
            yield self._lookup(operator, coded)
        elif len(operator.activations) > 1:
            yield from self._applied(operator, coded)
        elif operator.name in _MOVEMENTS or (operator.name in _LARGEST and _keeps_order(operator, coded)):
            yield self._moved(operator, coded)
        elif operator.name in _PLACES and _keeps_order(operator, coded, strictly=True):
            yield replace(operator, inputs=_with_code(operator, coded))
        else:
            yield from self._applied(operator, coded)

    def _only_input(self, operator: Operator) -> _Coded | None:
        """Give the first computed input, if all of them come from the same bytes."""
        coded = [self._coded.get(tensor.index) for tensor in operator.activations]
        codes = {each.code.index if each else None for each in coded}
        return coded[0] if len(codes) == 1 else None

    def _applied(self, operator: Operator, coded: _Coded) -> Iterator[Operator]:
        output = operator.output
        reals = None
        if output.dtype == "float32" and output.elements == coded.code.elements:
            with np.errstate(all="ignore"):
                reals = applied(operator, list(self._operands(operator)))
        if reals is not None:
            self._coded[output.index] = _Coded(coded.code, reals)
            return
        for tensor in operator.activations:
            yield from self._as_float(tensor)
        yield operator

    def _operands(self, operator: Operator) -> Iterator[Reals]:
        """Give the numbers of each input, as long as it is a float tensor of bytes or one number."""
        for tensor in operator.inputs:
            if tensor is not None and tensor.index in self._coded:
                yield self._coded[tensor.index].reals
            elif tensor is not None and tensor.data is not None and tensor.elements == 1:
                yield tensor.data.reshape(1).astype(np.float32)
            else:
                return

    def _moved(self, operator: Operator, coded: _Coded) -> Operator:
        codes = []
        for output in operator.outputs:
            codes.append(self._fresh(output, coded.code))
            self._coded[output.index] = _Coded(codes[-1], coded.reals)
        return replace(operator, inputs=_with_code(operator, coded), outputs=tuple(codes))

    def _fresh(self, like: Tensor, code: Tensor) -> Tensor:
        self._next += 1
        return replace(like, index=self._next - 1, dtype=code.dtype, quantisation=code.quantisation)

    def _lookup(self, operator: Operator, coded: _Coded) -> Operator:
        target = operator.output
        stored = quantised(coded.reals, target.scale, target.zero_point, target.dtype)
        return self._table(operator, coded, stored.view(np.int8))

    def _table(self, operator: Operator, coded: _Coded, values: np.ndarray) -> Operator:
        self._next += 1
        table = Tensor(self._next - 1, "table", values.shape, str(values.dtype), None, values)
        return replace(operator, name="LOOKUP", inputs=(coded.code, table), options={})

    def _as_float(self, tensor: Tensor) -> Iterator[Operator]:
        """Give what computes a float tensor after all, the first time that it is needed."""
        coded = self._coded.pop(tensor.index, None)
        if coded is None:
            return
        if coded.origin is not None:
            yield coded.origin
        else:
            yield self._table(Operator(0, "LOOKUP", (), (tensor,)), coded, coded.reals.view(np.uint32))


def _is_plain(operator: Operator) -> bool:
    source, target = operator.input(0), operator.output
    same = source.elements == target.elements and target.dtype == "float32"
    return same and source.data is None and source.dtype in _BYTES


def _dequantised(operator: Operator) -> _Coded:
    source = operator.input(0)
    stored = np.arange(-128, 128).astype(np.int8).view(source.dtype).astype(np.int32)
    reals = np.float32(source.scale) * (stored - source.zero_point).astype(np.float32)
    return _Coded(source, reals, operator)


def _keeps_order(operator: Operator, coded: _Coded, strictly: bool = False) -> bool:
    is_clamped = operator.options.get("FusedActivationFunction", "NONE") != "NONE"
    least = np.finfo(np.float32).tiny if strictly else 0.0
    return not is_clamped and coded.code.dtype == "int8" and bool(np.all(np.diff(coded.reals) >= least))


def _with_code(operator: Operator, coded: _Coded) -> tuple[Tensor | None, ...]:
    return tuple(coded.code if t is not None and t.data is None else t for t in operator.inputs)
