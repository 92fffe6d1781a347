"""From a .tflite file to C: read, lower each operator, plan the arena, write."""

import hashlib

from orchestrator.compiler.architecture import architecture_key
from orchestrator.compiler.emit import emit_model
from orchestrator.compiler.fold import fold_constants
from orchestrator.compiler.graph import Graph, Operator, Tensor
from orchestrator.compiler.islands import without_islands
from orchestrator.compiler.kernel_choice import fewer_kernels
from orchestrator.compiler.memory.place import place_network
from orchestrator.compiler.ops import OPERATORS, STATE_INPUTS, is_of_int16, lower_operator, reshape
from orchestrator.compiler.ops.int16 import INT16_OPERATORS
from orchestrator.compiler.rewrite import INTERNAL_OPERATORS, REWRITTEN_OPERATORS, rewritten
from orchestrator.compiler.step import Step
from orchestrator.compiler.tflite.reader import read_graph
from orchestrator.compiler.variables import VARIABLE_OPERATORS
from orchestrator.domain.errors import UnsupportedModelError
from orchestrator.domain.model import CompiledModel, Layer, TensorSpec

SUPPORTED_OPERATORS: tuple[str, ...] = tuple(
    sorted(({*OPERATORS} | REWRITTEN_OPERATORS | VARIABLE_OPERATORS) - INTERNAL_OPERATORS)
)
INT16_SUPPORTED_OPERATORS: tuple[str, ...] = tuple(sorted({*INT16_OPERATORS, "TRANSPOSE_CONV"} - INTERNAL_OPERATORS))
"""Of these, the ones that TensorFlow Lite Micro has for int16 activations."""

_HASH_DIGITS = 16
_BOUNDARY_TYPES = ("int8", "uint8", "int16", "int32", "float32")


def compile_model(tflite: bytes) -> CompiledModel:
    """Compile a network.

    Raises:
        UnsupportedModelError: the file is damaged, the network dynamic or not int8, or it uses an operator or a variant
            of one that is not supported; the text names the operator.
    """
    read = read_graph(tflite)
    _check_wiring(read)
    folded = without_islands(fold_constants(read))
    _check_supported(folded)
    graph = rewritten(folded)
    inputs, outputs = (tuple(_spec(tensor) for tensor in tensors) for tensors in (graph.inputs, graph.outputs))
    steps = _lower(graph)
    placed = place_network(graph, steps)
    model_hash = hashlib.sha256(tflite).hexdigest()[:_HASH_DIGITS]
    return CompiledModel(
        model_hash=model_hash,
        architecture_key=architecture_key(read, steps),
        c_source=emit_model(graph, placed.steps, placed.placement, model_hash),
        inputs=inputs,
        outputs=outputs,
        layers=tuple(
            Layer(step.operator.title, step.operator.name, step.macs) for step in placed.steps if not step.is_alias
        ),
        memory_plan=placed.memory_plan,
    )


def _check_supported(graph: Graph) -> None:
    for operator in graph.operators:
        of_int16 = is_of_int16(operator)
        known = INT16_SUPPORTED_OPERATORS if of_int16 else SUPPORTED_OPERATORS
        if operator.name not in known and operator.name not in INTERNAL_OPERATORS:
            types = " for int16 activations" if of_int16 and operator.name in SUPPORTED_OPERATORS else ""
            raise operator.unsupported(f"not supported{types}; supported are {', '.join(known)}")


def _lower(graph: Graph) -> tuple[Step, ...]:
    steps = tuple(_lowered(operator) for operator in graph.operators)
    if not steps:
        raise UnsupportedModelError("the model computes nothing")
    if all(step.is_alias for step in steps):
        return (*steps[:-1], reshape.lower_copy(graph.operators[-1]))
    return fewer_kernels(steps)


def _lowered(operator: Operator) -> Step:
    try:
        return lower_operator(operator)
    except UnsupportedModelError as error:
        raise operator.named(error) from error


def _check_wiring(graph: Graph) -> None:
    """Raise unless every operator reads what is known by then and computes something new."""
    known = {tensor.index for tensor in graph.inputs}
    if not known or any(tensor.data is not None or tensor.is_state for tensor in graph.inputs):
        raise UnsupportedModelError("the model must have inputs, none of them constant or variable")
    known |= {tensor.index for tensor in graph.states}
    _check_states(graph)
    for operator in graph.operators:
        for tensor in operator.activations:
            operator.require(tensor.index in known, f"reads '{tensor.name}' before it is computed")
        for tensor in operator.outputs:
            operator.require(tensor.index not in known and tensor.data is None, f"overwrites '{tensor.name}'")
            known.add(tensor.index)
    if not graph.outputs or any(tensor.index not in known and tensor.data is None for tensor in graph.outputs):
        raise UnsupportedModelError("the model must have outputs, all of them computed")


def _check_states(graph: Graph) -> None:
    """Raise unless every variable belongs to one operator that knows how to change it, or is read and assigned."""
    owners: dict[int, Operator] = {}
    for operator in graph.operators:
        for position, tensor in enumerate(operator.inputs):
            if tensor is not None and tensor.is_state:
                may_read = position in STATE_INPUTS.get(operator.name, ())
                operator.require(may_read, f"reads the variable '{tensor.name}' as input {position}")
                if operator.name in ("READ_VARIABLE", "ASSIGN_VARIABLE"):
                    continue
                first = owners.setdefault(tensor.index, operator)
                operator.require(first is operator, f"shares the variable '{tensor.name}' with operator {first.index}")
    if any(tensor.is_state for tensor in graph.outputs):
        raise UnsupportedModelError("a variable is an output of the model, which is not supported")


def _spec(tensor: Tensor) -> TensorSpec:
    if tensor.dtype not in _BOUNDARY_TYPES:
        known = ", ".join(_BOUNDARY_TYPES)
        raise UnsupportedModelError(f"'{tensor.name}' is {tensor.dtype}; inputs and outputs must be one of {known}")
    scale, zero_point = (tensor.scale, tensor.zero_point) if tensor.quantisation else (1.0, 0)
    return TensorSpec(tensor.name, tensor.shape, tensor.dtype, scale, zero_point)
