"""Read one tensor of a .tflite file: type, shape, quantisation, and the values of a constant."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.compiler.graph import Quantisation, Tensor
from orchestrator.compiler.tflite.format import MOST_AXES, MOST_ELEMENTS
from orchestrator.compiler.tflite.schema import enum_names, one_line
from orchestrator.domain.errors import UnsupportedModelError

_DTYPES = {"FLOAT32": "float32", "INT32": "int32", "UINT8": "uint8", "INT64": "int64", "INT8": "int8",
           "INT16": "int16", "BOOL": "bool", "FLOAT16": "float16", "FLOAT64": "float64", "INT4": "int8",
           "RESOURCE": "int32"}  # fmt: skip


def read_tensor(model: Any, tensor: Any, index: int) -> Tensor:
    """Read the schema's `tensor` of `model`, the subgraph's number `index`.

    Raises:
        UnsupportedModelError: damaged, dynamic, sparse, beyond our limits, or of a type that we do not know.
    """
    name = one_line(tensor.Name())
    if tensor.ShapeLength() > MOST_AXES:
        raise UnsupportedModelError(f"tensor '{name}' has more than {MOST_AXES} axes")
    shape = tuple(tensor.ShapeAsNumpy().tolist()) if tensor.ShapeLength() else ()
    type_name = type_of(tensor)
    dtype = _DTYPES.get(type_name)
    _check_static(tensor, name, shape, type_name)
    if dtype is None:
        raise UnsupportedModelError(f"tensor '{name}' has type {type_name}; convert to full int8")
    data = _data(model, tensor, name, shape, np.dtype(dtype))
    if type_name == "INT4" and data is None:
        raise UnsupportedModelError(f"tensor '{name}' has type INT4, which only weights may have")
    if tensor.IsVariable() and data is not None:
        raise UnsupportedModelError(f"tensor '{name}' is a variable with a value of its own, which is not supported")
    quantisation = _quantisation(tensor.Quantization(), name, shape, dtype)
    return Tensor(index, name, shape, dtype, quantisation, data, bool(tensor.IsVariable()))


def type_of(tensor: Any) -> str:
    """Give the schema's name of a tensor's type."""
    return enum_names("TensorType").get(tensor.Type(), str(tensor.Type()))


def _check_static(tensor: Any, name: str, shape: tuple[int, ...], type_name: str) -> None:
    is_empty_list = shape == (0,) and type_name in ("INT32", "INT64")  # the shape of a scalar, or no axes
    if any(extent < 1 for extent in shape) and not is_empty_list:
        raise UnsupportedModelError(f"tensor '{name}' has the dynamic shape {list(shape)}")
    if math.prod(shape) > MOST_ELEMENTS:
        raise UnsupportedModelError(f"tensor '{name}' of shape {list(shape)} has more than {MOST_ELEMENTS} values")
    if tensor.Sparsity() is not None:
        raise UnsupportedModelError(f"tensor '{name}' is sparse, which is not supported")


def _data(
    model: Any, tensor: Any, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> NDArray[np.generic] | None:
    number, is_packed = tensor.Buffer(), type_of(tensor) == "INT4"
    if not 0 <= number < model.BuffersLength():
        raise UnsupportedModelError(f"the .tflite file is damaged: tensor '{name}' has no buffer {number}")
    buffer = model.Buffers(number)
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


def _nibbles(stored: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Give the int4 values of bytes, the lower half of each first."""
    halves = np.stack([stored << 4, stored & 0xF0], axis=1).reshape(-1)
    return halves.view(np.int8) >> 4


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
