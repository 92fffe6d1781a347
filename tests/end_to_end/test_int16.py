"""Networks of 16x8 quantisation as TensorFlow's converter writes them: measured, and compiled to libraries."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orchestrator.compiler.tflite.reader import read_graph
from orchestrator.training.tensorflow_quiet import import_tensorflow
from tests.end_to_end.conftest import CommandLine
from tests.unit.export.building import cmake_build, example_output, run

CORTEX_M0PLUS = "-mcpu=cortex-m0plus -mfloat-abi=soft"
MICROBIT = "-Wl,--defsym=rom_bytes=262144,--defsym=ram_bytes=16384"
KINDS = ["int16", "float32"]


def small_network() -> Any:
    """Convolutions, a depthwise one, a residual addition, pools, a concatenation, dense layers and softmax."""
    layers = import_tensorflow().keras.layers
    x = image = layers.Input(batch_shape=(1, 16, 16, 3))
    x = stem = layers.Conv2D(10, 3, 2, padding="same", activation="relu")(x)
    x = layers.DepthwiseConv2D(3, padding="same", activation="relu6")(x)
    x = layers.Conv2D(10, 1)(x)
    x = layers.ReLU()(layers.Add()([x, stem]))
    x = layers.MaxPooling2D(2)(x)
    x = layers.LeakyReLU(negative_slope=0.1)(layers.Conv2D(12, 3)(x))
    x = layers.Concatenate()([x, layers.AveragePooling2D(2, 1, padding="same")(x)])
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(9, activation="tanh")(x)
    x = layers.Dense(6, activation="sigmoid")(x)
    return import_tensorflow().keras.Model(image, layers.Softmax()(layers.Dense(5)(x)))


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The network with int16 and with float32 inputs and outputs."""
    tensorflow = import_tensorflow()
    tensorflow.keras.utils.set_random_seed(1)
    model = small_network()
    samples = np.random.default_rng(0).normal(size=(32, 16, 16, 3)).astype(np.float32)
    folder = tmp_path_factory.mktemp("int16")
    paths = {kind: folder / f"net_{kind}.tflite" for kind in KINDS}
    for kind, path in paths.items():
        converter = tensorflow.lite.TFLiteConverter.from_keras_model(model)
        converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
        sixteen_by_eight = tensorflow.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        converter.target_spec.supported_ops = [sixteen_by_eight]
        converter.representative_dataset = lambda: ([sample[None]] for sample in samples)
        converter.inference_input_type = converter.inference_output_type = getattr(tensorflow, kind)
        path.write_bytes(converter.convert())
    return paths


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_of_the_converter_is_measured_and_exact(
    kind: str, networks: dict[str, Path], mcutune: CommandLine
) -> None:
    (source,) = read_graph(networks[kind].read_bytes()).inputs
    assert source.dtype == kind
    done = mcutune.run("measure", networks[kind], "--board", "nucleo_l476rg", "--json", "out.json")
    assert done.returncode == 0, done.stderr
    figures = json.loads((mcutune.folder / "out.json").read_text())
    assert figures["parity"] == {"samples": 4, "exact": True, "within_1_lsb": True, "worst_lsb": 0}
    operators = {layer["operator"] for layer in figures["layers"]}
    assert {"CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "MEAN", "FULLY_CONNECTED", "SOFTMAX"} <= operators


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_of_the_converter_becomes_a_library_with_self_test(
    kind: str, networks: dict[str, Path], mcutune: CommandLine
) -> None:
    done = mcutune.run("compile", networks[kind], "--board", "nucleo_l476rg", "--out", "net", "--name", "net")
    assert done.returncode == 0, done.stderr
    folder = mcutune.folder / "net"
    cmake_build(folder, mcutune.folder / "build", "-DNET_SELF_TEST=ON", "-DNET_EXAMPLE=ON")
    assert "0 of 4 samples differ" in run(mcutune.folder / "build" / "net_example")
    assert "0 of 4 samples differ" in example_output(folder, CORTEX_M0PLUS, "microbit", memories=MICROBIT)
