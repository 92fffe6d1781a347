"""Read a .tflite file into a graph.

The schema's classes walk the file only after `format` has checked that it holds together; what its numbers mean
is checked here and in `tensor_reader`.
"""

import math
from typing import Any

from orchestrator.compiler.graph import Graph, Operator, Option, Tensor
from orchestrator.compiler.tflite.flatbuffer import check_table
from orchestrator.compiler.tflite.format import (
    MOST_AXES,
    MOST_CONSTANT_BYTES,
    MOST_OPERATORS,
    MOST_WIRES,
    VARIABLE_NAMES,
    VERSION,
    checked,
)
from orchestrator.compiler.tflite.options import ENUM_OPTIONS, OPTIONS
from orchestrator.compiler.tflite.schema import enum_names, one_line, schema
from orchestrator.compiler.tflite.tensor_reader import read_tensor, type_of
from orchestrator.compiler.variables import with_states
from orchestrator.domain.errors import UnsupportedModelError

_WITHOUT_OUTPUT = {"ASSIGN_VARIABLE", "CALL_ONCE"}


def read_graph(tflite: bytes) -> Graph:
    """Read a network: the first subgraph. Others initialise its variables, or are signatures of their own.

    Raises:
        UnsupportedModelError: not a .tflite file, damaged, dynamic shapes, beyond our limits.
    """
    content = checked(tflite)
    model = schema().Model.GetRootAs(content, 0)
    if model.Version() != VERSION:
        raise UnsupportedModelError(f"the .tflite file must be of version {VERSION}, but is {model.Version()}")
    count = model.SubgraphsLength()
    if count == 0:
        raise UnsupportedModelError("the model has no subgraph")
    graph = _SubgraphReader(content, model, 0).graph()
    called = {o.int_option("InitSubgraphIndex") for o in graph.operators if o.name == "CALL_ONCE"}
    for number in called:
        if not 1 <= number < count:
            raise UnsupportedModelError(f"the .tflite file is damaged: it calls subgraph {number} of {count}")
    return with_states(graph, [_SubgraphReader(content, model, number).graph() for number in sorted(called)])


class _SubgraphReader:
    """Walks one subgraph; only tensors that something refers to are read: what the others are does not matter."""

    def __init__(self, content: bytes, model: Any, number: int) -> None:
        self._bytes = content
        self._model = model
        self._subgraph = model.Subgraphs(number)
        self._tensors: dict[int, Tensor] = {}

    def graph(self) -> Graph:
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
            if type_of(self._subgraph.Tensors(tensor.index)) == "INT4":
                raise UnsupportedModelError(f"tensor '{tensor.name}' has type INT4, which only weights may have")
        return Graph(operators, inputs, outputs)

    def _all(self, values: Any) -> tuple[Tensor, ...]:
        """Give the tensors of a list of indices."""
        limit = self._subgraph.TensorsLength()
        wires = _wires(values)
        for wire in wires:
            if not 0 <= wire < limit:
                raise UnsupportedModelError(f"the .tflite file is damaged: it refers to a tensor {wire} of {limit}")
        return tuple(self._tensor(wire) for wire in wires)

    def _tensor(self, index: int) -> Tensor:
        if index not in self._tensors:
            self._tensors[index] = read_tensor(self._model, self._subgraph.Tensors(index), index)
        return self._tensors[index]

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

    def _operator(self, operator: Any, index: int) -> Operator:
        name = self._operator_name(operator.OpcodeIndex())
        inputs = [] if operator.InputsIsNone() else _wires(operator.InputsAsNumpy())
        if any(not -1 <= i < self._subgraph.TensorsLength() for i in inputs):
            raise UnsupportedModelError(f"the .tflite file is damaged: operator {index} {name} reads {inputs}")
        outputs = self._all(operator.OutputsAsNumpy())
        if not outputs and name not in _WITHOUT_OUTPUT:
            raise UnsupportedModelError(f"operator {index} {name} has no output")
        read = tuple(None if i == -1 else self._tensor(i) for i in inputs)
        return Operator(index, name, read, outputs, self._options(operator, name))

    def _options(self, operator: Any, name: str) -> dict[str, Option]:
        if name not in OPTIONS:
            return {}
        table_name, fields = OPTIONS[name]
        options = getattr(schema(), table_name)()
        table = operator.BuiltinOptions()
        if table is None or operator.BuiltinOptionsType() != getattr(schema().BuiltinOptions, table_name):
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
        name = enum_names("BuiltinOperator").get(builtin, f"operator code {builtin}")
        if name == "CUSTOM":
            return f"CUSTOM '{one_line(code.CustomCode())}'"
        return name


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


def _option(field: str, value: Option | bytes | None) -> Option:
    if isinstance(value, bytes) or value is None:
        return one_line(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise UnsupportedModelError(f"the .tflite file is damaged: an option {field} of {value}")
    enum = ENUM_OPTIONS.get(field)
    return value if enum is None else enum_names(enum).get(int(value), f"{enum} {value}")
