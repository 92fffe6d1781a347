"""From a .tflite file to C: read, lower each operator, plan the arena, write."""

import hashlib

from orchestrator.compiler.architecture import architecture_key
from orchestrator.compiler.emit import emit_model
from orchestrator.compiler.fold import fold_constants
from orchestrator.compiler.graph import Graph, Operator, Tensor
from orchestrator.compiler.islands import without_islands
from orchestrator.compiler.ops import OPERATORS, reshape
from orchestrator.compiler.place import place_network
from orchestrator.compiler.reader import read_graph
from orchestrator.compiler.rewrite import INTERNAL_OPERATORS, REWRITTEN_OPERATORS, rewritten
from orchestrator.compiler.step import Step
from orchestrator.domain.errors import UnsupportedModelError
from orchestrator.domain.model import CompiledModel, Layer, TensorSpec

SUPPORTED_OPERATORS: tuple[str, ...] = tuple(sorted(({*OPERATORS} | REWRITTEN_OPERATORS) - INTERNAL_OPERATORS))

_HASH_DIGITS = 16
_BOUNDARY_TYPES = ("int8", "uint8", "int32", "float32")


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
            Layer(step.operator.output.name, step.operator.name, step.macs)
            for step in placed.steps
            if not step.is_alias
        ),
        memory_plan=placed.memory_plan,
    )


def _check_supported(graph: Graph) -> None:
    for operator in graph.operators:
        if operator.name not in SUPPORTED_OPERATORS and operator.name not in INTERNAL_OPERATORS:
            raise operator.unsupported(f"not supported; supported are {', '.join(SUPPORTED_OPERATORS)}")


def _lower(graph: Graph) -> tuple[Step, ...]:
    steps = tuple(_lowered(operator) for operator in graph.operators)
    if not steps:
        raise UnsupportedModelError("the model computes nothing")
    is_only_renaming = all(step.is_alias for step in steps)
    return (*steps[:-1], reshape.lower_copy(graph.operators[-1])) if is_only_renaming else steps


def _lowered(operator: Operator) -> Step:
    try:
        return OPERATORS[operator.name](operator)
    except UnsupportedModelError as error:
        raise operator.named(error) from error


def _check_wiring(graph: Graph) -> None:
    """Raise unless every operator reads what is known by then and computes something new."""
    known = {tensor.index for tensor in graph.inputs}
    if not known or any(tensor.data is not None for tensor in graph.inputs):
        raise UnsupportedModelError("the model must have inputs, none of them constant")
    for operator in graph.operators:
        for tensor in operator.activations:
            operator.require(tensor.index in known, f"reads '{tensor.name}' before it is computed")
        for tensor in operator.outputs:
            operator.require(tensor.index not in known and tensor.data is None, f"overwrites '{tensor.name}'")
            known.add(tensor.index)
    if not graph.outputs or any(tensor.index not in known and tensor.data is None for tensor in graph.outputs):
        raise UnsupportedModelError("the model must have outputs, all of them computed")


def _spec(tensor: Tensor) -> TensorSpec:
    if tensor.dtype not in _BOUNDARY_TYPES:
        known = ", ".join(_BOUNDARY_TYPES)
        raise UnsupportedModelError(f"'{tensor.name}' is {tensor.dtype}; inputs and outputs must be one of {known}")
    scale, zero_point = (tensor.scale, tensor.zero_point) if tensor.quantisation else (1.0, 0)
    return TensorSpec(tensor.name, tensor.shape, tensor.dtype, scale, zero_point)
