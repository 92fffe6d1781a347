"""Write small .tflite files with the schema's own classes: one operator at a time, without TensorFlow."""

from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

_TYPES = {"int8": "INT8", "int32": "INT32", "float32": "FLOAT32", "int16": "INT16", "uint8": "UINT8", "int64": "INT64",
          "resource": "RESOURCE", "bool": "BOOL", "int4": "INT4"}  # fmt: skip


def _stored(data: np.ndarray, dtype: str) -> np.ndarray:
    if dtype != "int4":
        return np.frombuffer(np.ascontiguousarray(data, dtype).tobytes(), np.uint8)
    pairs = np.pad(data.reshape(-1), (0, data.size % 2)).reshape(-1, 2).astype(np.uint8) & 15
    return (pairs[:, 0] | pairs[:, 1] << 4).astype(np.uint8)


@dataclass
class TfliteBuilder:
    """Collects tensors and operators of one subgraph; tensors are known by the index that `tensor` gives."""

    tensors: list[Any] = field(default_factory=list)
    operators: list[Any] = field(default_factory=list)
    codes: list[Any] = field(default_factory=list)
    buffers: list[Any] = field(default_factory=lambda: [schema.BufferT()])
    initialisers: list[Any] = field(default_factory=list)

    def tensor(
        self,
        shape: tuple[int, ...],
        dtype: str = "int8",
        scale: float | list[float] | None = None,
        zero_point: int = 0,
        data: np.ndarray | None = None,
        axis: int = 0,
        name: str | None = None,
    ) -> int:
        tensor = schema.TensorT()
        tensor.name = name or f"tensor_{len(self.tensors)}"
        tensor.shape = np.array(shape, np.int32)
        tensor.type = getattr(schema.TensorType, _TYPES[dtype])
        if scale is not None:
            scales = scale if isinstance(scale, list) else [scale]
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = np.array(scales, np.float32)
            tensor.quantization.zeroPoint = np.array([zero_point] * len(scales), np.int64)
            tensor.quantization.quantizedDimension = axis
        tensor.buffer = 0
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = _stored(data, dtype)
            tensor.buffer = len(self.buffers)
            self.buffers.append(buffer)
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def variable(self, shape: tuple[int, ...], dtype: str, scale: float, zero_point: int = 0) -> int:
        """A tensor that keeps its values from one inference to the next."""
        index = self.tensor(shape, dtype, scale=scale, zero_point=zero_point)
        self.tensors[index].isVariable = True
        return index

    def handle(self, variable: str) -> int:
        """A tensor that stands for a resource variable."""
        index = self.tensor((), "resource")
        self.operator("VAR_HANDLE", [], [index], "VarHandleOptions", container=b"", sharedName=variable.encode())
        return index

    def initialise(self, variable: str, shape: tuple[int, ...], dtype: str, data: np.ndarray, **given: Any) -> None:
        """Add a subgraph that assigns a constant to a variable, and the call of it."""
        self.operator("CALL_ONCE", [], [], "CallOnceOptions", initSubgraphIndex=len(self.initialisers) + 1)
        graph = schema.SubGraphT()
        outside = self.tensors, self.operators
        self.tensors, self.operators = graph.tensors, graph.operators = [], []
        value = self.tensor(shape, dtype, data=data, **given)
        self.operator("ASSIGN_VARIABLE", [self.handle(variable), value], [], "AssignVariableOptions")
        self.tensors, self.operators = outside
        graph.inputs = graph.outputs = np.array([], np.int32)
        self.initialisers.append(graph)

    def operator(self, name: str, inputs: list[int], outputs: list[int], table: str = "", **options: Any) -> None:
        """Add an operator; `table` is the schema's option table, its fields are keywords."""
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = 1
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self.codes)
        operator.inputs = np.array(inputs, np.int32)
        operator.outputs = np.array(outputs, np.int32)
        if table:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, table)
            operator.builtinOptions = getattr(schema, f"{table}T")()
            for key, value in options.items():
                assert hasattr(operator.builtinOptions, key), key
                setattr(operator.builtinOptions, key, value)
        self.codes.append(code)
        self.operators.append(operator)

    def build(self, inputs: list[int], outputs: list[int], subgraphs: int = 1) -> bytes:
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        model = schema.ModelT()
        model.version = 3
        model.operatorCodes, model.subgraphs, model.buffers = self.codes, [graph] * subgraphs, self.buffers
        model.subgraphs += self.initialisers
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())
