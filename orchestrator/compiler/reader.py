"""Read a .tflite file into a graph.

The schema's classes come with the tflite-micro package; they are imported on first use. They walk the file only after
`tflite_format` has checked that it holds together; what its numbers mean is checked here.
"""

import math
from functools import cache, cached_property
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Graph, Operator, Option, Quantisation, Tensor
from orchestrator.compiler.operator_options import ENUM_OPTIONS, OPTIONS
from orchestrator.compiler.tflite_format import (
    MOST_AXES,
    MOST_CONSTANT_BYTES,
    MOST_ELEMENTS,
    MOST_OPERATORS,
    MOST_WIRES,
    VERSION,
    checked,
)
from orchestrator.domain.errors import UnsupportedModelError

_DTYPES = {"FLOAT32": "float32", "INT32": "int32", "UINT8": "uint8", "INT64": "int64", "INT8": "int8",
           "INT16": "int16", "BOOL": "bool", "FLOAT16": "float16", "FLOAT64": "float64", "INT4": "int8"}  # fmt: skip


_LONGEST_NAME = 120  # exporters join the names of all modules around an operator


def read_graph(tflite: bytes) -> Graph:
    """Read a network.

    Raises:
        UnsupportedModelError: not a .tflite file, damaged, dynamic shapes, beyond our limits.
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
        self._tensors: dict[int, Tensor] = {}

    def graph(self) -> Graph:
        version = self._model.Version()
        if version != VERSION:
            raise UnsupportedModelError(f"the .tflite file must be of version {VERSION}, but is {version}")
        if self._model.SubgraphsLength() == 0:
            raise UnsupportedModelError("the model has no subgraph")
        count = self._subgraph.OperatorsLength()
        if not 1 <= count <= MOST_OPERATORS:
            raise UnsupportedModelError(f"the model must have 1 to {MOST_OPERATORS} operators, but has {count}")
        operators = tuple(self._operator(self._subgraph.Operators(i), i) for i in range(count))
        _check_constants(operators)
        inputs = self._all(self._subgraph.InputsAsNumpy())
        if len({tensor.index for tensor in inputs}) != len(inputs):
            raise UnsupportedModelError("the model lists an input twice")
        for tensor in inputs:
            self._check_is_no_template(tensor)
        outputs = self._all(self._subgraph.OutputsAsNumpy())
        for tensor in outputs:
            if self._subgraph.Tensors(tensor.index).Type() == _schema().TensorType.INT4:
                raise UnsupportedModelError(f"tensor '{tensor.name}' has type INT4, which only weights may have")
        return Graph(operators, inputs, outputs)

    @cached_property
    def _subgraph(self) -> Any:
        """The first one is the network; others belong to control flow, or to signatures of their own."""
        return self._model.Subgraphs(0)

    def _all(self, values: Any) -> tuple[Tensor, ...]:
        """Give the tensors of a list of indices."""
        limit = self._subgraph.TensorsLength()
        wires = _wires(values)
        for wire in wires:
            if not 0 <= wire < limit:
                raise UnsupportedModelError(f"the .tflite file is damaged: it refers to a tensor {wire} of {limit}")
        return tuple(self._tensor(wire) for wire in wires)

    def _tensor(self, index: int) -> Tensor:
        """Give a tensor that something refers to: what the others are does not matter."""
        if index not in self._tensors:
            self._tensors[index] = self._read_tensor(self._subgraph.Tensors(index), index)
        return self._tensors[index]

    def _read_tensor(self, tensor: Any, index: int) -> Tensor:
        name = _text(tensor.Name())
        if tensor.ShapeLength() > MOST_AXES:
            raise UnsupportedModelError(f"tensor '{name}' has more than {MOST_AXES} axes")
        shape = tuple(tensor.ShapeAsNumpy().tolist()) if tensor.ShapeLength() else ()
        type_name = _enum_names("TensorType").get(tensor.Type(), str(tensor.Type()))
        dtype = _DTYPES.get(type_name)
        self._check_static(tensor, name, shape, type_name)
        if dtype is None:
            raise UnsupportedModelError(f"tensor '{name}' has type {type_name}; convert to full int8")
        data = self._data(tensor, name, shape, np.dtype(dtype), is_packed=type_name == "INT4")
        if type_name == "INT4" and data is None:
            raise UnsupportedModelError(f"tensor '{name}' has type INT4, which only weights may have")
        return Tensor(index, name, shape, dtype, _quantisation(tensor.Quantization(), name, shape, dtype), data)

    def _check_static(self, tensor: Any, name: str, shape: tuple[int, ...], type_name: str) -> None:
        is_empty_list = shape == (0,) and type_name in ("INT32", "INT64")  # the shape of a scalar, or no axes
        if any(extent < 1 for extent in shape) and not is_empty_list:
            raise UnsupportedModelError(f"tensor '{name}' has the dynamic shape {list(shape)}")
        if math.prod(shape) > MOST_ELEMENTS:
            raise UnsupportedModelError(f"tensor '{name}' of shape {list(shape)} has more than {MOST_ELEMENTS} values")
        if tensor.IsVariable() or tensor.Sparsity() is not None:
            raise UnsupportedModelError(f"tensor '{name}' is a variable or sparse, which is not supported")

    def _check_is_no_template(self, tensor: Tensor) -> None:
        """Raise if an input's signature leaves more than the batch open: the shape then says 1 where it means any.

        Keras leaves the batch open; the shape's 1 is then what the interpreter takes.
        """
        read = self._subgraph.Tensors(tensor.index)
        signature = read.ShapeSignatureAsNumpy().tolist() if read.ShapeSignatureLength() else []
        if -1 in signature[1:]:
            raise UnsupportedModelError(
                f"input '{tensor.name}' has the dynamic shape {signature[:MOST_AXES]}; fix all extents but the batch"
            )

    def _data(
        self, tensor: Any, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], is_packed: bool
    ) -> NDArray[np.generic] | None:
        number = tensor.Buffer()
        if not 0 <= number < self._model.BuffersLength():
            raise UnsupportedModelError(f"the .tflite file is damaged: tensor '{name}' has no buffer {number}")
        buffer = self._model.Buffers(number)
        if buffer.Offset() > 1:
            raise UnsupportedModelError(f"tensor '{name}' is stored outside the flatbuffer, which is not supported")
        elements = math.prod(shape)
        size_bytes, expected = buffer.DataLength(), (elements + 1) // 2 if is_packed else elements * dtype.itemsize
        if size_bytes == 0:
            return None if elements else np.zeros(shape, dtype)
        if size_bytes != expected:
            raise UnsupportedModelError(
                f"tensor '{name}' of shape {list(shape)} takes {expected} bytes, but its buffer holds {size_bytes}"
            )
        # A view: any number of tensors may share one buffer.
        stored = buffer.DataAsNumpy()
        values = _nibbles(stored)[:elements] if is_packed else stored.view(dtype)
        return values.reshape(shape)

    def _operator(self, operator: Any, index: int) -> Operator:
        name = self._operator_name(operator.OpcodeIndex())
        inputs = [] if operator.InputsIsNone() else _wires(operator.InputsAsNumpy())
        if any(not -1 <= i < self._subgraph.TensorsLength() for i in inputs):
            raise UnsupportedModelError(f"the .tflite file is damaged: operator {index} {name} reads {inputs}")
        outputs = self._all(operator.OutputsAsNumpy())
        if not outputs:
            raise UnsupportedModelError(f"operator {index} {name} has no output")
        read = tuple(None if i == -1 else self._tensor(i) for i in inputs)
        return Operator(index, name, read, outputs, _options(operator, name))

    def _operator_name(self, number: int) -> str:
        if not 0 <= number < self._model.OperatorCodesLength():
            raise UnsupportedModelError(f"the .tflite file is damaged: it refers to an operator code {number}")
        code = self._model.OperatorCodes(number)
        builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())  # old files use the narrow field
        name = _enum_names("BuiltinOperator").get(builtin, f"operator code {builtin}")
        if name == "CUSTOM":
            return f"CUSTOM '{_text(code.CustomCode())}'"
        return name


def _wires(values: Any) -> list[int]:
    """Give a list of tensor indices; the schema's classes give 0 for an absent one."""
    wires = [] if isinstance(values, int) else values.tolist()
    if len(wires) > MOST_WIRES:
        raise UnsupportedModelError(f"a list of {len(wires)} tensors; at most {MOST_WIRES} are supported")
    return wires


def _nibbles(stored: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Give the int4 values of bytes, the lower half of each first."""
    halves = np.stack([stored << 4, stored & 0xF0], axis=1).reshape(-1)
    return halves.view(np.int8) >> 4


def _check_constants(operators: tuple[Operator, ...]) -> None:
    read = (tensor for operator in operators for tensor in operator.inputs if tensor is not None)
    size_bytes = sum(tensor.size_bytes for tensor in read if tensor.data is not None)
    if size_bytes > MOST_CONSTANT_BYTES:
        raise UnsupportedModelError(f"the constants take {size_bytes} bytes, but may take {MOST_CONSTANT_BYTES}")


def _text(content: bytes | None) -> str:
    """Give a name as one printable line, whatever the file holds; the middle of a very long one is left out."""
    text = (content or b"").decode("utf-8", errors="replace")
    if len(text) > _LONGEST_NAME:
        text = f"{text[: _LONGEST_NAME // 2]}...{text[3 - _LONGEST_NAME // 2 :]}"
    return "".join(character if character.isprintable() else "?" for character in text)


def _quantisation(parameters: Any, name: str, shape: tuple[int, ...], dtype: str) -> Quantisation | None:
    if parameters is None or parameters.ScaleLength() == 0 or parameters.ZeroPointLength() == 0:
        return None
    scales = tuple(parameters.ScaleAsNumpy().tolist())
    zero_points = tuple(parameters.ZeroPointAsNumpy().tolist())
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


def _options(operator: Any, name: str) -> dict[str, Option]:
    if name not in OPTIONS:
        return {}
    table_name, fields = OPTIONS[name]
    options = getattr(_schema(), table_name)()
    table = operator.BuiltinOptions()
    if table is None or operator.BuiltinOptionsType() != getattr(_schema().BuiltinOptions, table_name):
        raise UnsupportedModelError(f"the .tflite file is damaged: an operator {name} without its options")
    options.Init(table.Bytes, table.Pos)
    return {field: _option(field, getattr(options, field)()) for field in fields}


def _option(field: str, value: Option) -> Option:
    if isinstance(value, float) and not math.isfinite(value):
        raise UnsupportedModelError(f"the .tflite file is damaged: an option {field} of {value}")
    enum = ENUM_OPTIONS.get(field)
    return value if enum is None else _enum_names(enum).get(int(value), f"{enum} {value}")
