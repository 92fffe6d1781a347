"""Read a .tflite file into a graph.

The schema's classes come with the tflite-micro package; they are imported on first use. They walk the file only after
`tflite_format` has checked that it holds together; what its numbers mean is checked here.
"""

import math
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.flatbuffer import check_table
from orchestrator.compiler.graph import Graph, Operator, Option, Quantisation, Tensor
from orchestrator.compiler.operator_options import ENUM_OPTIONS, OPTIONS
from orchestrator.compiler.tflite_format import (
    MOST_AXES,
    MOST_CONSTANT_BYTES,
    MOST_ELEMENTS,
    MOST_OPERATORS,
    MOST_WIRES,
    VARIABLE_NAMES,
    VERSION,
    checked,
)
from orchestrator.compiler.variables import with_states
from orchestrator.domain.errors import UnsupportedModelError

_WITHOUT_OUTPUT = {"ASSIGN_VARIABLE", "CALL_ONCE"}
_DTYPES = {"FLOAT32": "float32", "INT32": "int32", "UINT8": "uint8", "INT64": "int64", "INT8": "int8",
           "INT16": "int16", "BOOL": "bool", "FLOAT16": "float16", "FLOAT64": "float64",
           "RESOURCE": "int32"}  # fmt: skip


def read_graph(tflite: bytes) -> Graph:
    """Read a network.

    Raises:
        UnsupportedModelError: not a .tflite file, damaged, several subgraphs, dynamic shapes, beyond our limits.
    """
    return _Reader(tflite).graph()


@cache
def _schema() -> ModuleType:
    from tflite_micro.tensorflow.lite.micro.python import schema_py_generated

    return schema_py_generated  # type: ignore[no-any-return]


@cache
def _enum_names(enum: str) -> dict[int, str]:
    return {value: name for name, value in vars(getattr(_schema(), enum)).items() if isinstance(value, int)}


class _Reader:
    """Walks the flatbuffer."""

    def __init__(self, tflite: bytes) -> None:
        self._bytes = checked(tflite)
        self._model = _schema().Model.GetRootAs(self._bytes, 0)

    def graph(self) -> Graph:
        version = self._model.Version()
        if version != VERSION:
            raise UnsupportedModelError(f"the .tflite file must be of version {VERSION}, but is {version}")
        subgraphs = self._model.SubgraphsLength()
        if subgraphs == 0:
            raise UnsupportedModelError("the model must have exactly 1 subgraph, but got 0")
        graph = self._subgraph(0)
        called = {o.int_option("InitSubgraphIndex") for o in graph.operators if o.name == "CALL_ONCE"}
        if called != set(range(1, subgraphs)):
            raise UnsupportedModelError(
                f"the model must have exactly 1 subgraph besides those that initialise variables, but got {subgraphs}"
            )
        return with_states(graph, [self._subgraph(number) for number in sorted(called)])

    def _subgraph(self, number: int) -> Graph:
        subgraph = self._model.Subgraphs(number)
        tensors = _Tensors(subgraph.TensorsLength(), lambda index: self._tensor(subgraph, index))
        count = subgraph.OperatorsLength()
        if not 1 <= count <= MOST_OPERATORS:
            raise UnsupportedModelError(f"the model must have 1 to {MOST_OPERATORS} operators, but has {count}")
        operators = tuple(self._operator(subgraph.Operators(i), i, tensors) for i in range(count))
        _check_constants(operators)
        inputs = tuple(tensors[i] for i in self._indices(subgraph.InputsAsNumpy(), len(tensors)))
        if len({tensor.index for tensor in inputs}) != len(inputs):
            raise UnsupportedModelError("the model lists an input twice")
        outputs = tuple(tensors[i] for i in self._indices(subgraph.OutputsAsNumpy(), len(tensors)))
        return Graph(operators, inputs, outputs)

    def _indices(self, values: Any, limit: int) -> Iterator[int]:
        for value in _wires(values):
            if not 0 <= value < limit:
                raise UnsupportedModelError(f"the .tflite file is damaged: it refers to a tensor {value} of {limit}")
            yield value

    def _tensor(self, subgraph: Any, index: int) -> Tensor:
        tensor = subgraph.Tensors(index)
        name = _text(tensor.Name())
        self._check_static(tensor, name)
        shape = tuple(tensor.ShapeAsNumpy().tolist()) if tensor.ShapeLength() else ()
        type_name = _enum_names("TensorType").get(tensor.Type(), str(tensor.Type()))
        dtype = _DTYPES.get(type_name)
        if dtype is None:
            raise UnsupportedModelError(f"tensor '{name}' has type {type_name}; convert to full int8")
        data = self._data(tensor, name, shape, np.dtype(dtype))
        if tensor.IsVariable() and data is not None:
            raise UnsupportedModelError(
                f"tensor '{name}' is a variable with a value of its own, which is not supported"
            )
        quantisation = _quantisation(tensor.Quantization(), name, shape, dtype)
        return Tensor(index, name, shape, dtype, quantisation, data, bool(tensor.IsVariable()))

    def _check_static(self, tensor: Any, name: str) -> None:
        if max(tensor.ShapeLength(), tensor.ShapeSignatureLength()) > MOST_AXES:
            raise UnsupportedModelError(f"tensor '{name}' has more than {MOST_AXES} axes")
        shape = tensor.ShapeAsNumpy().tolist() if tensor.ShapeLength() else []
        signature = tensor.ShapeSignatureAsNumpy().tolist() if tensor.ShapeSignatureLength() else []
        # Keras leaves the batch open in the signature; the shape then says 1, which is what the interpreter takes.
        if any(extent < 1 for extent in shape) or -1 in signature[1:]:
            raise UnsupportedModelError(f"tensor '{name}' has the dynamic shape {signature or shape}")
        if math.prod(shape) > MOST_ELEMENTS:
            raise UnsupportedModelError(f"tensor '{name}' of shape {shape} has more than {MOST_ELEMENTS} values")
        if tensor.Sparsity() is not None:
            raise UnsupportedModelError(f"tensor '{name}' is sparse, which is not supported")

    def _data(self, tensor: Any, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[np.generic] | None:
        number = tensor.Buffer()
        if not 0 <= number < self._model.BuffersLength():
            raise UnsupportedModelError(f"the .tflite file is damaged: tensor '{name}' has no buffer {number}")
        buffer = self._model.Buffers(number)
        if buffer.Offset() > 1:
            raise UnsupportedModelError(f"tensor '{name}' is stored outside the flatbuffer, which is not supported")
        size_bytes, expected = buffer.DataLength(), math.prod(shape) * dtype.itemsize
        if size_bytes == 0:
            return None
        if size_bytes != expected:
            raise UnsupportedModelError(
                f"tensor '{name}' of shape {list(shape)} takes {expected} bytes, but its buffer holds {size_bytes}"
            )
        # A view: any number of tensors may share one buffer.
        return buffer.DataAsNumpy().view(dtype).reshape(shape)  # type: ignore[no-any-return]

    def _operator(self, operator: Any, index: int, tensors: "_Tensors") -> Operator:
        name = self._operator_name(operator.OpcodeIndex())
        inputs = [] if operator.InputsIsNone() else _wires(operator.InputsAsNumpy())
        if any(not -1 <= i < len(tensors) for i in inputs):
            raise UnsupportedModelError(f"the .tflite file is damaged: operator {index} {name} reads {inputs}")
        outputs = tuple(tensors[i] for i in self._indices(operator.OutputsAsNumpy(), len(tensors)))
        if not outputs and name not in _WITHOUT_OUTPUT:
            raise UnsupportedModelError(f"operator {index} {name} has no output")
        read = tuple(None if i == -1 else tensors[i] for i in inputs)
        return Operator(index, name, read, outputs, self._options(operator, name))

    def _options(self, operator: Any, name: str) -> dict[str, Option]:
        if name not in OPTIONS:
            return {}
        table_name, fields = OPTIONS[name]
        options = getattr(_schema(), table_name)()
        table = operator.BuiltinOptions()
        if table is None or operator.BuiltinOptionsType() != getattr(_schema().BuiltinOptions, table_name):
            raise UnsupportedModelError(f"the .tflite file is damaged: an operator {name} without its options")
        if name == "VAR_HANDLE":
            check_table(self._bytes, VARIABLE_NAMES, table.Pos)
        options.Init(table.Bytes, table.Pos)
        return {field: _option(field, getattr(options, field)()) for field in fields}

    def _operator_name(self, number: int) -> str:
        if not 0 <= number < self._model.OperatorCodesLength():
            raise UnsupportedModelError(f"the .tflite file is damaged: it refers to an operator code {number}")
        code = self._model.OperatorCodes(number)
        builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())  # old files use the narrow field
        name = _enum_names("BuiltinOperator").get(builtin, f"operator code {builtin}")
        if name == "CUSTOM":
            return f"CUSTOM '{_text(code.CustomCode())}'"
        return name


class _Tensors:
    """The tensors of a subgraph, each read when it is first asked for: what nobody refers to may be anything."""

    def __init__(self, count: int, read: Callable[[int], Tensor]) -> None:
        self._count = count
        self._read = cache(read)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Tensor:
        return self._read(index)


def _wires(values: Any) -> list[int]:
    """Give a list of tensor indices; the schema's classes give 0 for an absent one."""
    wires = [] if isinstance(values, int) else values.tolist()
    if len(wires) > MOST_WIRES:
        raise UnsupportedModelError(f"a list of {len(wires)} tensors; at most {MOST_WIRES} are supported")
    return wires


def _check_constants(operators: tuple[Operator, ...]) -> None:
    read = (tensor for operator in operators for tensor in operator.inputs if tensor is not None)
    size_bytes = sum(tensor.size_bytes for tensor in read if tensor.data is not None)
    if size_bytes > MOST_CONSTANT_BYTES:
        raise UnsupportedModelError(f"the constants take {size_bytes} bytes, but may take {MOST_CONSTANT_BYTES}")


def _text(content: bytes | None) -> str:
    """Give a name as one printable line, whatever the file holds."""
    text = (content or b"").decode("utf-8", errors="replace")
    return "".join(character if character.isprintable() else "?" for character in text)


def _quantisation(parameters: Any, name: str, shape: tuple[int, ...], dtype: str) -> Quantisation | None:
    if parameters is None or parameters.ScaleLength() == 0:
        return None
    scales = tuple(parameters.ScaleAsNumpy().tolist())
    zero_points = tuple(parameters.ZeroPointAsNumpy().tolist()) if parameters.ZeroPointLength() else (0,)
    axis = parameters.QuantizedDimension()
    if len(zero_points) == 1:
        zero_points *= len(scales)
    per_axis = len(scales) > 1
    if len(zero_points) != len(scales) or (per_axis and not (0 <= axis < len(shape) and shape[axis] == len(scales))):
        raise UnsupportedModelError(f"tensor '{name}' of shape {list(shape)} has {len(scales)} scales")
    if np.issubdtype(dtype, np.integer):
        _check_range(scales, zero_points, name, dtype)
    return Quantisation(scales, zero_points, axis)


def _check_range(scales: tuple[float, ...], zero_points: tuple[int, ...], name: str, dtype: str) -> None:
    """Raise unless the numbers can mean something.

    A bias has the product of two scales, which may underflow; nothing is computed from it.
    """
    for scale in scales:
        if not (math.isfinite(scale) and (scale > 0.0 or (scale == 0.0 and dtype in ("int32", "int64")))):
            raise UnsupportedModelError(f"the scale of tensor '{name}' must be finite and > 0, but got {scale}")
    limits = np.iinfo(dtype)
    for zero_point in zero_points:
        if not limits.min <= zero_point <= limits.max:
            raise UnsupportedModelError(f"the zero point of tensor '{name}' must be {dtype}, but got {zero_point}")


def _option(field: str, value: Option | bytes | None) -> Option:
    if isinstance(value, bytes) or value is None:
        return _text(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise UnsupportedModelError(f"the .tflite file is damaged: an option {field} of {value}")
    enum = ENUM_OPTIONS.get(field)
    return value if enum is None else _enum_names(enum).get(int(value), f"{enum} {value}")
