"""What the compiler gives, and what it refuses: one clear line, whatever the file holds."""

import random
import re

import numpy as np
import pytest

from orchestrator.compiler import SUPPORTED_OPERATORS, compile_model
from orchestrator.domain.errors import UnsupportedModelError
from orchestrator.domain.model import Layer
from tests.unit.compiler.tflite_builder import TfliteBuilder


def dense_model(
    seed: int = 0, outputs: int = 4, depth: int = 8, names: str = "", dtype: str = "int8", subgraphs: int = 1
) -> bytes:
    """Two FULLY_CONNECTED with a RESHAPE between them."""
    weights = np.random.default_rng(seed).integers(-127, 128, (outputs, depth)).astype(np.int8)
    builder = TfliteBuilder()
    x = builder.tensor((1, depth), dtype, scale=0.05 + seed / 1000, zero_point=seed, name=f"{names}in")
    w = builder.tensor((outputs, depth), scale=0.01, data=weights)
    y = builder.tensor((1, outputs), scale=0.5, zero_point=-seed, name=f"{names}hidden")
    z = builder.tensor((outputs,), scale=0.5, zero_point=-seed, name=f"{names}out")
    builder.operator("FULLY_CONNECTED", [x, w, -1], [y], "FullyConnectedOptions")
    builder.operator("RESHAPE", [y], [z])
    return builder.build([x], [z], subgraphs)


def test_the_same_network_gives_the_same_bytes() -> None:
    assert compile_model(dense_model()) == compile_model(dense_model())


def test_the_architecture_key_ignores_weights_scales_and_names() -> None:
    assert compile_model(dense_model(0)).architecture_key == compile_model(dense_model(5, names="x/")).architecture_key


def test_the_architecture_key_tells_shapes_apart() -> None:
    keys = {compile_model(dense_model(outputs=n, depth=d)).architecture_key for n, d in [(4, 8), (5, 8), (4, 9)]}
    assert len(keys) == 3


def test_a_reshape_is_no_layer() -> None:
    compiled = compile_model(dense_model())
    assert compiled.layers == (Layer("hidden", "FULLY_CONNECTED", 32),)
    assert compiled.outputs[0].shape == (4,)


def test_the_generated_code_holds_no_tensor_name_outside_comments() -> None:
    source = compile_model(dense_model(names="secret*/int evil;/*")).c_source
    assert "secret" not in re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)


def test_an_unsupported_operator_is_named_with_what_is_supported() -> None:
    builder = TfliteBuilder()
    x = builder.tensor((1, 4), scale=0.1)
    y = builder.tensor((1, 4), scale=0.1, name="result")
    builder.operator("CUMSUM", [x], [y])
    with pytest.raises(UnsupportedModelError) as caught:
        compile_model(builder.build([x], [y]))
    text = str(caught.value)
    assert "operator 0 CUMSUM (output 'result')" in text
    assert all(name in text for name in SUPPORTED_OPERATORS)
    assert "\n" not in text


def test_whatever_is_refused_about_an_operator_its_name_comes_first() -> None:
    builder = TfliteBuilder()
    x, y = builder.tensor((1, 4), scale=0.1, name="in"), builder.tensor((1, 4), scale=0.1, name="out")
    builder.operator("ADD", [x, x], [y], "AddOptions", fusedActivationFunction=4)
    with pytest.raises(UnsupportedModelError, match=r"^operator 0 ADD \(output 'out'\): fused activation TANH"):
        compile_model(builder.build([x], [y]))


def test_float_activations_are_refused() -> None:
    with pytest.raises(UnsupportedModelError, match="float32"):
        compile_model(dense_model(dtype="float32"))


def test_the_first_subgraph_is_the_network() -> None:
    assert compile_model(dense_model(subgraphs=2)).layers == compile_model(dense_model()).layers


def test_dynamic_shapes_are_refused() -> None:
    builder = TfliteBuilder()
    x, y = builder.tensor((1, -1), scale=0.1), builder.tensor((1, 4), scale=0.1)
    builder.operator("RELU", [x], [y])
    with pytest.raises(UnsupportedModelError, match="dynamic"):
        compile_model(builder.build([x], [y]))


def test_an_open_batch_in_the_signature_is_taken_as_the_shape_says() -> None:
    builder = TfliteBuilder()
    x, y = builder.tensor((1, 4), scale=0.1), builder.tensor((1, 4), scale=0.1)
    builder.tensors[x].shapeSignature = np.array([-1, 4], np.int32)
    builder.operator("RELU", [x], [y])
    assert compile_model(builder.build([x], [y])).inputs[0].shape == (1, 4)


def test_an_open_extent_besides_the_batch_is_refused() -> None:
    builder = TfliteBuilder()
    x, y = builder.tensor((1, 1, 4), scale=0.1), builder.tensor((1, 1, 4), scale=0.1)
    builder.tensors[x].shapeSignature = np.array([1, -1, 4], np.int32)
    builder.operator("RELU", [x], [y])
    with pytest.raises(UnsupportedModelError, match=r"dynamic shape \[1, -1, 4\]"):
        compile_model(builder.build([x], [y]))


@pytest.mark.parametrize("content", [b"", b"TFL3", b"not a model at all", b"\x00" * 64])
def test_a_file_that_is_no_tflite_is_refused(content: bytes) -> None:
    with pytest.raises(UnsupportedModelError):
        compile_model(content)


def test_a_truncated_file_gives_one_clear_line() -> None:
    tflite = dense_model()
    for length in range(0, len(tflite) - 1, 7):
        _compile_or_refuse(tflite[:length])


def test_a_damaged_file_gives_one_clear_line_or_a_network() -> None:
    tflite, generator = dense_model(), random.Random(1)
    for _ in range(400):
        damaged = bytearray(tflite)
        for _ in range(generator.randint(1, 8)):
            damaged[generator.randrange(8, len(damaged))] = generator.randrange(256)
        _compile_or_refuse(bytes(damaged))


def _compile_or_refuse(content: bytes) -> None:
    try:
        compile_model(content)
    except UnsupportedModelError as error:
        assert str(error)
        assert "\n" not in str(error)
