"""State: what stays in a network's memory from one inference to the next."""

from collections.abc import Callable
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

from orchestrator.compiler import compile_model
from orchestrator.domain.errors import UnsupportedModelError
from orchestrator.parity.compare import random_inputs
from orchestrator.parity.tflm import run_tflm
from orchestrator.toolchain.host_model import build_host_model
from tests.unit.compiler.recurrent_models import keyword_lstm, keyword_svdf

NETWORKS = {"LSTM": keyword_lstm, "SVDF": keyword_svdf}


@pytest.mark.parametrize("network", NETWORKS)
def test_a_stream_and_single_samples_equal_the_reference_interpreter(network: str, tmp_path: Path) -> None:
    for seed in range(3):
        tflite = NETWORKS[network](seed)
        compiled = compile_model(tflite)
        samples = random_inputs(compiled.inputs, 30, seed)
        host = build_host_model(compiled, tmp_path)
        (stream,), (single,) = host.run(samples, is_stream=True), host.run(samples)
        np.testing.assert_array_equal(stream, run_tflm(tflite, samples, is_stream=True)[0])
        np.testing.assert_array_equal(single, run_tflm(tflite, samples)[0])
        np.testing.assert_array_equal(stream[0], single[0])
        assert np.mean(stream[1:] != single[1:]) > 0.02  # the state matters


def test_a_sample_does_not_know_what_ran_before_it(tmp_path: Path) -> None:
    compiled = compile_model(keyword_svdf(0))
    host = build_host_model(compiled, tmp_path)
    (samples,) = random_inputs(compiled.inputs, 6, seed=1)
    (forwards,), (backwards,) = host.run([samples]), host.run([samples[::-1]])
    np.testing.assert_array_equal(forwards, backwards[::-1])


@pytest.mark.parametrize("network", NETWORKS)
def test_no_other_buffer_ever_lies_where_state_is(network: str) -> None:
    compiled = compile_model(NETWORKS[network](0))
    plan = compiled.memory_plan
    states = [b for b in plan.buffers if b.first_step == 0 and b.last_step == len(compiled.layers) - 1]
    assert sum(b.size_bytes for b in states) >= plan.state_bytes > 0
    for state in states:
        for other in plan.buffers:
            ends_before = other.offset + other.size_bytes <= state.offset
            assert other is state or ends_before or other.offset >= state.offset + state.size_bytes


Change = Callable[[schema.SubGraphT], None]


def changed(tflite: bytes, change: Change) -> bytes:
    model = schema.ModelT.InitFromPackedBuf(tflite, 0)
    for operator in model.subgraphs[0].operators:
        operator.inputs = operator.inputs.copy()
    change(model.subgraphs[0])
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def state_tensors(graph: schema.SubGraphT) -> list[schema.TensorT]:
    return [tensor for tensor in graph.tensors if tensor.isVariable]


def not_variable(graph: schema.SubGraphT) -> None:
    state_tensors(graph)[0].isVariable = False
    graph.inputs = np.append(graph.inputs, graph.operators[0].inputs[4])


def with_a_value(graph: schema.SubGraphT) -> None:
    weights = graph.tensors[graph.operators[0].inputs[2]]
    state_tensors(graph)[0].buffer, state_tensors(graph)[0].shape = weights.buffer, weights.shape


def as_input(graph: schema.SubGraphT) -> None:
    graph.inputs = np.append(graph.inputs, graph.operators[0].inputs[4])


def as_output(graph: schema.SubGraphT) -> None:
    graph.outputs = np.append(graph.outputs, graph.operators[0].inputs[4])


def read_by_others(graph: schema.SubGraphT) -> None:
    graph.operators[0].inputs[0] = graph.operators[0].inputs[4]


def of_two_operators(graph: schema.SubGraphT) -> None:
    graph.operators[1].inputs[4] = graph.operators[0].inputs[4]


def of_another_type(graph: schema.SubGraphT) -> None:
    state_tensors(graph)[0].type = schema.TensorType.INT8


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (not_variable, r"operator 0 SVDF .*input 4, 'tensor_4', must be a variable"),
        (with_a_value, "'tensor_4' is a variable with a value of its own"),
        (as_input, "inputs, none of them constant or variable"),
        (as_output, "a variable is an output"),
        (read_by_others, r"operator 0 SVDF .* reads the variable 'tensor_4' as input 0"),
        (of_two_operators, r"operator 1 SVDF .* shares the variable 'tensor_4' with operator 0"),
        (of_another_type, "time weights of int16 with a state of int8"),
    ],
)
def test_a_variable_that_is_not_one_operator_s_state_is_refused(change: Change, text: str) -> None:
    with pytest.raises(UnsupportedModelError, match=text):
        compile_model(changed(keyword_svdf(0), change))


def with_peepholes(graph: schema.SubGraphT) -> None:
    graph.operators[0].inputs[9] = graph.operators[0].inputs[12]


def with_another_activation(graph: schema.SubGraphT) -> None:
    graph.operators[0].builtinOptions.fusedActivationFunction = schema.ActivationFunctionType.RELU


def with_an_odd_cell_scale(graph: schema.SubGraphT) -> None:
    state_tensors(graph)[1].quantization.scale = np.array([0.0003], np.float32)


def with_a_constant_state(graph: schema.SubGraphT) -> None:
    graph.operators[0].inputs[18] = graph.operators[0].inputs[5]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (with_peepholes, "peepholes"),
        (with_another_activation, "the activation must be TANH, but is RELU"),
        (with_an_odd_cell_scale, "power of two as scale, but 'tensor_14' is int16"),
        (with_a_constant_state, "input 18, 'tensor_5', must be a variable"),
    ],
)
def test_an_lstm_unlike_that_of_keras_is_refused(change: Change, text: str) -> None:
    with pytest.raises(UnsupportedModelError, match=f"operator 0 UNIDIRECTIONAL_SEQUENCE_LSTM .*{text}"):
        compile_model(changed(keyword_lstm(0), change))


def test_tensors_that_no_operator_reads_may_be_anything() -> None:
    def add_intermediate(graph: schema.SubGraphT) -> None:
        intermediate = schema.TensorT()
        intermediate.name, intermediate.shape, intermediate.type = "intermediate", np.array([0], np.int32), 0
        graph.tensors.append(intermediate)
        graph.operators[0].intermediates = np.array([len(graph.tensors) - 1], np.int32)

    with_one = changed(keyword_lstm(0), add_intermediate)
    assert compile_model(with_one).layers == compile_model(keyword_lstm(0)).layers
