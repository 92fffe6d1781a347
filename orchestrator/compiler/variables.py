"""Resource variables as state: VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE, and CALL_ONCE that initialises them.

Handles disappear: who reads or assigns a variable has its state as an input instead.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from orchestrator.compiler.graph import Graph, Operator, Option, Tensor

_VALUES = {"READ_VARIABLE", "ASSIGN_VARIABLE"}
_TYPES = ("int8", "uint8", "int16", "int32", "float32")
_RENAMES = {"EXPAND_DIMS", "RESHAPE", "SQUEEZE"}
VARIABLE_OPERATORS = frozenset({"CALL_ONCE", "VAR_HANDLE"})
"""What is gone when a network has been read."""


def with_states(graph: Graph, initialisers: Sequence[Graph]) -> Graph:
    """Give the network with its variables as state.

    Args:
        initialisers: what the network calls once before everything else; it may only set variables to the real 0.

    Raises:
        UnsupportedModelError: an operator does something else with a variable.
    """
    if not any(operator.name in VARIABLE_OPERATORS for operator in graph.operators):
        return graph
    for initialiser in initialisers:
        _check_zeros(initialiser)
    operators = [operator for operator in graph.operators if operator.name not in VARIABLE_OPERATORS]
    names = _names(graph, operators)
    states = _states(operators, names, 1 + max(tensor.index for tensor in _tensors(graph)))
    outputs = {tensor.index for tensor in graph.outputs}
    converted = []
    for number, operator in enumerate(operators):
        name = names[number]
        if name is None:
            converted.append(operator)
        elif operator.name == "ASSIGN_VARIABLE":
            converted.append(replace(operator, inputs=(operator.inputs[1], states[name])))
        else:
            is_in_place = operator.output.index not in outputs and _is_read_before_changed(number, operators, names)
            options: dict[str, Option] = {"IsInPlace": is_in_place}
            converted.append(replace(operator, inputs=(states[name],), options=options))
    return replace(graph, operators=tuple(converted))


def _tensors(graph: Graph) -> list[Tensor]:
    used = [t for operator in graph.operators for t in (*operator.inputs, *operator.outputs) if t is not None]
    return [*used, *graph.inputs]


def _names(graph: Graph, operators: Sequence[Operator]) -> list[str | None]:
    """Give the name of the variable that each operator reads or assigns, None for all others."""
    handles = {
        operator.output.index: f"{operator.text_option('Container')}/{operator.text_option('SharedName')}".lstrip("/")
        for operator in graph.operators
        if operator.name == "VAR_HANDLE"
    }
    names: list[str | None] = []
    for operator in operators:
        name = None
        if operator.name in _VALUES:
            handle = operator.input(0)
            operator.require(handle.index in handles, f"'{handle.name}' is not the handle of a variable")
            name = handles[handle.index]
        names.append(name)
    return names


def _value(operator: Operator) -> Tensor:
    return operator.output if operator.name == "READ_VARIABLE" else operator.input(1)


def _states(operators: Sequence[Operator], names: Sequence[str | None], first: int) -> dict[str, Tensor]:
    """Give the state of each variable; what is read from it and assigned to it must be of one form."""
    states: dict[str, Tensor] = {}
    assigned = {name for operator, name in zip(operators, names, strict=True) if operator.name == "ASSIGN_VARIABLE"}
    for operator, name in zip(operators, names, strict=True):
        if name is not None:
            value = _value(operator)
            operator.require(name in assigned, f"variable '{name}' is never assigned")
            operator.require(value.dtype in _TYPES, f"a variable of {value.dtype}; must be one of {', '.join(_TYPES)}")
            fresh = replace(value, index=first + len(states), name=name, data=None, is_state=True)
            state = states.setdefault(name, fresh)
            same = (state.shape, state.dtype, state.quantisation) == (value.shape, value.dtype, value.quantisation)
            operator.require(same, f"variable '{name}' is {list(state.shape)} {state.dtype} elsewhere, or scaled apart")
    return states


def _is_read_before_changed(number: int, operators: Sequence[Operator], names: Sequence[str | None]) -> bool:
    """Whether all that read the value of a READ_VARIABLE do so before the variable is assigned: no copy is needed.

    What only renames the value passes the question on to others: such a value is copied.
    """
    value = operators[number].output.index
    later = range(number + 1, len(operators))
    changes = (n for n in later if operators[n].name == "ASSIGN_VARIABLE" and names[n] == names[number])
    readers = [n for n in later if any(t is not None and t.index == value for t in operators[n].inputs)]
    is_renamed = any(operators[n].name in _RENAMES for n in readers)
    return not is_renamed and max(readers, default=0) < min(changes, default=len(operators))


def _check_zeros(graph: Graph) -> None:
    """Raise unless a subgraph only assigns the real 0 to variables, from which state starts anyway."""
    for operator in graph.operators:
        if operator.name == "VAR_HANDLE":
            continue
        operator.require(operator.name == "ASSIGN_VARIABLE", "an initialiser may only assign to variables")
        value = operator.input(1)
        zero = value.zero_point if value.quantisation else 0
        is_zero = bool(np.all(operator.constant(1) == zero)) and math.prod(value.shape) > 0
        operator.require(is_zero, f"the variable starts from '{value.name}', which is not the real 0")
