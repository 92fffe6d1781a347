"""From a .tflite file to C: read, lower each operator, plan the arena, write."""

import hashlib

from orchestrator.compiler.architecture import architecture_key
from orchestrator.compiler.emit import Placement, emit_model
from orchestrator.compiler.graph import Graph, Tensor
from orchestrator.compiler.lifetimes import lifetimes_of
from orchestrator.compiler.ops import OPERATORS
from orchestrator.compiler.planner import plan_arena
from orchestrator.compiler.reader import read_graph
from orchestrator.compiler.step import Step
from orchestrator.domain.errors import UnsupportedModelError
from orchestrator.domain.model import CompiledModel, Layer, TensorSpec

SUPPORTED_OPERATORS: tuple[str, ...] = tuple(sorted(OPERATORS))

_HASH_DIGITS = 16


def compile_model(tflite: bytes) -> CompiledModel:
    """Compile a network.

    Raises:
        UnsupportedModelError: the file is damaged, the network dynamic or not int8, or it uses an operator or a variant
            of one that is not supported; the text names the operator.
    """
    graph = read_graph(tflite)
    steps = _lower(graph)
    _check_wiring(graph)
    placement = _place(graph, steps)
    model_hash = hashlib.sha256(tflite).hexdigest()[:_HASH_DIGITS]
    return CompiledModel(
        model_hash=model_hash,
        architecture_key=architecture_key(graph),
        c_source=emit_model(graph, steps, placement, model_hash),
        inputs=tuple(_spec(tensor) for tensor in graph.inputs),
        outputs=tuple(_spec(tensor) for tensor in graph.outputs),
        layers=tuple(
            Layer(step.operator.output.name, step.operator.name, step.macs) for step in steps if not step.is_alias
        ),
        arena_bytes=placement.arena_bytes,
    )


def _lower(graph: Graph) -> tuple[Step, ...]:
    for operator in graph.operators:
        if operator.name not in OPERATORS:
            raise operator.unsupported(f"not supported; supported are {', '.join(SUPPORTED_OPERATORS)}")
        if len(operator.outputs) != 1:
            raise operator.unsupported(f"must have one output, but has {len(operator.outputs)}")
    steps = tuple(OPERATORS[operator.name](operator) for operator in graph.operators)
    if all(step.is_alias for step in steps):
        raise UnsupportedModelError("the model computes nothing")
    return steps


def _check_wiring(graph: Graph) -> None:
    """Raise unless every operator reads what is known by then and computes something new."""
    known = {tensor.index for tensor in graph.inputs}
    for operator in graph.operators:
        for tensor in operator.activations:
            operator.require(tensor.index in known, f"reads '{tensor.name}' before it is computed")
        output = operator.output
        operator.require(output.index not in known and output.data is None, "overwrites a tensor")
        known.add(output.index)
    if not graph.inputs or any(tensor.data is not None for tensor in graph.inputs):
        raise UnsupportedModelError("the model must have inputs, none of them constant")
    computed = {operator.output.index for operator in graph.operators}
    if not graph.outputs or any(tensor.index not in computed for tensor in graph.outputs):
        raise UnsupportedModelError("the model must have outputs, all of them computed")


def _place(graph: Graph, steps: tuple[Step, ...]) -> Placement:
    lifetimes = lifetimes_of(graph, steps)
    plan = plan_arena(lifetimes.buffers)
    return Placement(
        tensors={index: plan.offsets[name] for index, name in lifetimes.buffer_of.items()},
        scratch={number: plan.offsets[name] for number, name in lifetimes.scratch_of.items()},
        arena_bytes=plan.arena_bytes,
        lower_bound_bytes=plan.lower_bound_bytes,
    )


def _spec(tensor: Tensor) -> TensorSpec:
    if tensor.dtype not in ("int8", "float32"):
        raise UnsupportedModelError(f"'{tensor.name}' is {tensor.dtype}; inputs and outputs must be int8 or float32")
    scale, zero_point = (tensor.scale, tensor.zero_point) if tensor.quantisation else (1.0, 0)
    return TensorSpec(tensor.name, tensor.shape, tensor.dtype, scale, zero_point)
