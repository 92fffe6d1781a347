"""Read a .tflite file into a graph: the only place that knows the file format.

The schema's classes come with the tflite-micro package; they are imported on first use.
"""

from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Graph, Operator, Option, Quantisation, Tensor
from orchestrator.domain.errors import UnsupportedModelError

_IDENTIFIER = b"TFL3"
_DTYPES = {"FLOAT32": "float32", "INT32": "int32", "UINT8": "uint8", "INT64": "int64", "INT8": "int8",
           "INT16": "int16", "BOOL": "bool", "FLOAT16": "float16", "FLOAT64": "float64"}  # fmt: skip

# Options that matter, by operator: the schema's table and its fields.
_WINDOW = ("Padding", "StrideW", "StrideH", "FusedActivationFunction")
_OPTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "CONV_2D": ("Conv2DOptions", (*_WINDOW, "DilationWFactor", "DilationHFactor")),
    "DEPTHWISE_CONV_2D": (
        "DepthwiseConv2DOptions",
        (*_WINDOW, "DepthMultiplier", "DilationWFactor", "DilationHFactor"),
    ),
    "FULLY_CONNECTED": ("FullyConnectedOptions", ("FusedActivationFunction", "WeightsFormat", "KeepNumDims")),
    "AVERAGE_POOL_2D": ("Pool2DOptions", (*_WINDOW, "FilterWidth", "FilterHeight")),
    "MAX_POOL_2D": ("Pool2DOptions", (*_WINDOW, "FilterWidth", "FilterHeight")),
    "ADD": ("AddOptions", ("FusedActivationFunction",)),
    "MUL": ("MulOptions", ("FusedActivationFunction",)),
    "CONCATENATION": ("ConcatenationOptions", ("Axis", "FusedActivationFunction")),
    "SOFTMAX": ("SoftmaxOptions", ("Beta",)),
    "MEAN": ("ReducerOptions", ("KeepDims",)),
    "LEAKY_RELU": ("LeakyReluOptions", ("Alpha",)),
}

_ENUM_OPTIONS = {"Padding": "Padding", "FusedActivationFunction": "ActivationFunctionType"}


def read_graph(tflite: bytes) -> Graph:
    """Read a network.

    Raises:
        UnsupportedModelError: not a .tflite file, damaged, several subgraphs, dynamic shapes.
    """
    if len(tflite) < 8 or tflite[4:8] != _IDENTIFIER:
        raise UnsupportedModelError("not a .tflite file: the identifier TFL3 is missing")
    try:
        return _Reader(tflite).graph()
    except UnsupportedModelError:
        raise
    except Exception as error:  # whatever a damaged flatbuffer makes the schema's classes do
        raise UnsupportedModelError(f"the .tflite file is damaged or truncated ({type(error).__name__})") from error


@cache
def _schema() -> ModuleType:
    from tflite_micro.tensorflow.lite.micro.python import schema_py_generated

    return schema_py_generated  # type: ignore[no-any-return]


@cache
def _enum_names(enum: str) -> dict[int, str]:
    return {value: name for name, value in vars(getattr(_schema(), enum)).items() if isinstance(value, int)}


class _Reader:
    """Walks the flatbuffer; counts are checked against the file's size, so that damage cannot make it run on."""

    def __init__(self, tflite: bytes) -> None:
        self._bytes = tflite
        self._model = _schema().Model.GetRootAs(tflite, 0)

    def graph(self) -> Graph:
        subgraphs = self._count(self._model.SubgraphsLength())
        if subgraphs != 1:
            raise UnsupportedModelError(f"the model must have exactly 1 subgraph, but got {subgraphs}")
        subgraph = self._model.Subgraphs(0)
        tensors = [self._tensor(subgraph, i) for i in range(self._count(subgraph.TensorsLength()))]
        count = self._count(subgraph.OperatorsLength())
        if count == 0:
            raise UnsupportedModelError("the model has no operators")
        operators = tuple(self._operator(subgraph.Operators(i), i, tensors) for i in range(count))
        inputs = tuple(tensors[i] for i in self._indices(subgraph.InputsAsNumpy(), len(tensors)))
        outputs = tuple(tensors[i] for i in self._indices(subgraph.OutputsAsNumpy(), len(tensors)))
        return Graph(operators, inputs, outputs)

    def _count(self, count: int) -> int:
        if not 0 <= count * 4 <= len(self._bytes):
            raise UnsupportedModelError(f"the .tflite file is damaged: a list of {count} entries in it")
        return int(count)

    def _indices(self, values: Any, limit: int) -> Iterator[int]:
        for value in [] if isinstance(values, int) else values.tolist():
            if not 0 <= value < limit:
                raise UnsupportedModelError(f"the .tflite file is damaged: it refers to a tensor {value} of {limit}")
            yield value

    def _tensor(self, subgraph: Any, index: int) -> Tensor:
        tensor = subgraph.Tensors(index)
        name = _text(tensor.Name())
        shape = tuple(tensor.ShapeAsNumpy().tolist()) if tensor.ShapeLength() else ()
        self._check_static(tensor, name, shape)
        type_name = _enum_names("TensorType").get(tensor.Type(), str(tensor.Type()))
        dtype = _DTYPES.get(type_name)
        if dtype is None:
            raise UnsupportedModelError(f"tensor '{name}' has type {type_name}; convert to full int8")
        data = self._data(tensor, name, shape, np.dtype(dtype))
        return Tensor(index, name, shape, dtype, _quantisation(tensor.Quantization(), name, shape), data)

    def _check_static(self, tensor: Any, name: str, shape: tuple[int, ...]) -> None:
        signature = tensor.ShapeSignatureAsNumpy().tolist() if tensor.ShapeSignatureLength() else []
        # Keras leaves the batch open in the signature; the shape then says 1, which is what the interpreter takes.
        if any(extent < 1 for extent in shape) or -1 in signature[1:]:
            raise UnsupportedModelError(f"tensor '{name}' has the dynamic shape {signature or list(shape)}")
        if tensor.IsVariable() or tensor.Sparsity() is not None:
            raise UnsupportedModelError(f"tensor '{name}' is a variable or sparse, which is not supported")

    def _data(self, tensor: Any, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[np.generic] | None:
        number = tensor.Buffer()
        if not 0 <= number < self._count(self._model.BuffersLength()):
            raise UnsupportedModelError(f"the .tflite file is damaged: tensor '{name}' has no buffer {number}")
        buffer = self._model.Buffers(number)
        if buffer.Offset() > 1:
            raise UnsupportedModelError(f"tensor '{name}' is stored outside the flatbuffer, which is not supported")
        if buffer.DataLength() == 0:
            return None
        return np.frombuffer(buffer.DataAsNumpy().tobytes(), dtype=dtype).reshape(shape)

    def _operator(self, operator: Any, index: int, tensors: list[Tensor]) -> Operator:
        name = self._operator_name(operator.OpcodeIndex())
        inputs = [] if operator.InputsIsNone() else operator.InputsAsNumpy().tolist()
        if any(not -1 <= i < len(tensors) for i in inputs):
            raise UnsupportedModelError(f"the .tflite file is damaged: operator {index} {name} reads {inputs}")
        outputs = tuple(tensors[i] for i in self._indices(operator.OutputsAsNumpy(), len(tensors)))
        if not outputs:
            raise UnsupportedModelError(f"operator {index} {name} has no output")
        read = tuple(None if i == -1 else tensors[i] for i in inputs)
        return Operator(index, name, read, outputs, _options(operator, name))

    def _operator_name(self, number: int) -> str:
        if not 0 <= number < self._count(self._model.OperatorCodesLength()):
            raise UnsupportedModelError(f"the .tflite file is damaged: it refers to an operator code {number}")
        code = self._model.OperatorCodes(number)
        builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())  # old files use the narrow field
        name = _enum_names("BuiltinOperator").get(builtin, f"operator code {builtin}")
        if name == "CUSTOM":
            return f"CUSTOM '{_text(code.CustomCode())}'"
        return name


def _text(content: bytes | None) -> str:
    """Give a name as one printable line, whatever the file holds."""
    text = (content or b"").decode("utf-8", errors="replace")
    return "".join(character if character.isprintable() else "?" for character in text)


def _quantisation(parameters: Any, name: str, shape: tuple[int, ...]) -> Quantisation | None:
    if parameters is None or parameters.ScaleLength() == 0:
        return None
    scales = tuple(parameters.ScaleAsNumpy().tolist())
    zero_points = tuple(parameters.ZeroPointAsNumpy().tolist()) if parameters.ZeroPointLength() else (0,)
    axis = parameters.QuantizedDimension()
    if len(zero_points) == 1:
        zero_points *= len(scales)
    per_axis = len(scales) > 1
    if len(zero_points) != len(scales) or (per_axis and not (axis < len(shape) and shape[axis] == len(scales))):
        raise UnsupportedModelError(f"tensor '{name}' of shape {list(shape)} has {len(scales)} scales")
    return Quantisation(scales, zero_points, axis)


def _options(operator: Any, name: str) -> dict[str, Option]:
    if name not in _OPTIONS:
        return {}
    table_name, fields = _OPTIONS[name]
    options = getattr(_schema(), table_name)()
    table = operator.BuiltinOptions()
    if table is None:
        raise UnsupportedModelError(f"the .tflite file is damaged: an operator {name} without its options")
    options.Init(table.Bytes, table.Pos)
    return {field: _option(field, getattr(options, field)()) for field in fields}


def _option(field: str, value: Option) -> Option:
    enum = _ENUM_OPTIONS.get(field)
    return value if enum is None else _enum_names(enum).get(int(value), f"{enum} {value}")
