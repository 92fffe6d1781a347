"""Screening measures untrained networks: training must not change a single cycle.

The networks hold every kernel of the benchmark networks, those of recurrent layers and products of activations; each
seed draws other weights, biases, scales and zero points. Nor may it matter what lies where the weights should be.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from orchestrator.compiler import compile_model
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.device.measure import measure_image
from orchestrator.domain.measurement import CyclesSource
from orchestrator.domain.model import FirmwareImage, Segment
from orchestrator.parity.compare import random_inputs
from orchestrator.toolchain.link import link_image
from orchestrator.virtual_board.process import start_virtual_board
from tests.unit.compiler.product_models import attention
from tests.unit.compiler.recurrent_models import keyword_lstm, keyword_svdf
from tests.unit.compiler.tflite_builder import TfliteBuilder

BOARD = load_board_type("nucleo_l476rg")
SEEDS = (0, 1)
SAME, RELU = 0, 1


class RandomNetwork:
    """Convolutions of all kinds, an addition, a pool, a dense layer and softmax: always the same shapes."""

    dtype, bias_dtype = "int8", "int32"

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._builder = TfliteBuilder()

    def build(self) -> bytes:
        x = self._tensor((1, 9, 9, 3))
        stem = self._convolution(x, (1, 9, 9, 10), (3, 3), 3)
        branch = self._convolution(stem, (1, 9, 9, 10), (1, 1), 10)
        y = self._tensor((1, 9, 9, 10))
        self._builder.operator("ADD", [branch, stem], [y], "AddOptions", fusedActivationFunction=RELU)
        y = self._depthwise(y, (1, 9, 9, 10), (3, 3), 1)
        y = self._depthwise(y, (1, 5, 5, 10), (3, 3), 2)
        y = self._depthwise(y, (1, 5, 5, 10), (5, 1), 1)
        y = self._average(y, (1, 1, 1, 10))
        y = self._functions(self._dense(y, 10, 7))
        result = self._probabilities()
        self._builder.operator("SOFTMAX", [y], [result], "SoftmaxOptions", beta=1.0)
        return self._builder.build([x], [result])

    def _functions(self, x: int) -> int:
        return x

    def _probabilities(self) -> int:
        return self._builder.tensor((1, 7), scale=1 / 256, zero_point=-128)

    def _tensor(self, shape: tuple[int, ...]) -> int:
        scale = float(np.float32(self._random.uniform(0.002, 0.2)))
        return self._builder.tensor(shape, scale=scale, zero_point=int(self._random.integers(-128, 128)))

    def _weights(self, shape: tuple[int, ...], count: int, axis: int) -> list[int]:
        largest = int(self._random.integers(1, 128))
        values = self._random.integers(-largest, largest + 1, shape).astype(np.int8)
        scales = self._random.uniform(1e-4, 2e-2, count).astype(np.float32).tolist()
        bias = self._random.integers(-20_000, 20_001, count)
        return [
            self._builder.tensor(shape, scale=scales, data=values, axis=axis),
            self._builder.tensor((count,), self.bias_dtype, scale=scales, data=bias),
        ]

    def _convolution(self, x: int, target: tuple[int, ...], window: tuple[int, int], depth: int) -> int:
        weights = self._weights((target[3], *window, depth), target[3], axis=0)
        y = self._tensor(target)
        self._builder.operator("CONV_2D", [x, *weights], [y], "Conv2DOptions", padding=SAME, strideH=1, strideW=1)
        return y

    def _depthwise(self, x: int, target: tuple[int, ...], window: tuple[int, int], stride: int) -> int:
        weights = self._weights((1, *window, target[3]), target[3], axis=3)
        y = self._tensor(target)
        self._builder.operator(
            "DEPTHWISE_CONV_2D", [x, *weights], [y], "DepthwiseConv2DOptions",
            padding=SAME, strideH=stride, strideW=stride, depthMultiplier=1,
        )  # fmt: skip
        return y

    def _average(self, x: int, target: tuple[int, ...]) -> int:
        quantisation = self._builder.tensors[x].quantization
        scale, zero_point = float(quantisation.scale[0]), int(quantisation.zeroPoint[0])
        y = self._builder.tensor(target, self.dtype, scale=scale, zero_point=zero_point)
        self._builder.operator(
            "AVERAGE_POOL_2D", [x], [y], "Pool2DOptions",
            padding=1, strideH=5, strideW=5, filterHeight=5, filterWidth=5,
        )  # fmt: skip
        return y

    def _dense(self, x: int, depth: int, count: int) -> int:
        weights = self._weights((count, depth), count, axis=0)
        y = self._tensor((1, count))
        self._builder.operator("FULLY_CONNECTED", [x, *weights], [y], "FullyConnectedOptions")
        return y


class RandomInt16Network(RandomNetwork):
    """The same with int16 activations, and their functions of one value behind it."""

    dtype, bias_dtype = "int16", "int64"

    def _functions(self, x: int) -> int:
        inner = x
        for name in ("TANH", "LOGISTIC"):
            inner = self._applied(name, [inner], self._builder.tensor((1, 7), "int16", scale=1 / 32768))
        for name in ("ABS", "RELU"):
            inner = self._applied(name, [inner], self._tensor((1, 7)))
        inner = self._applied("LEAKY_RELU", [inner], self._tensor((1, 7)), "LeakyReluOptions", alpha=0.1)
        return self._applied("MUL", [inner, x], self._tensor((1, 7)), "MulOptions")

    def _applied(self, name: str, inputs: list[int], output: int, table: str = "", **options: float) -> int:
        self._builder.operator(name, inputs, [output], table, **options)
        return output

    def _tensor(self, shape: tuple[int, ...]) -> int:
        scale = float(np.float32(self._random.uniform(0.01, 0.2) / 256))
        return self._builder.tensor(shape, "int16", scale=scale)

    def _probabilities(self) -> int:
        return self._builder.tensor((1, 7), "int16", scale=1 / 32768)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with start_virtual_board(BOARD, zero_wait_states=True) as board:
        yield board.url


def convolutional(seed: int) -> bytes:
    return RandomNetwork(seed).build()


def of_int16(seed: int) -> bytes:
    return RandomInt16Network(seed).build()


NETWORKS = {convolutional: 9, of_int16: 15, attention: 6, keyword_lstm: 5, keyword_svdf: 4}


def with_noise_for_weights(image: FirmwareImage, seed: int) -> FirmwareImage:
    """Put random bytes where nothing but weights lies, as an earlier network may leave it there."""
    noise = np.random.default_rng(seed).bytes(len(image.weights_addresses))
    segments = []
    for segment in image.segments:
        first = image.weights_addresses.start - segment.address
        is_there = 0 <= first < len(segment.data)
        data = segment.data[:first] + noise + segment.data[first + len(noise) :] if is_there else segment.data
        segments.append(Segment(segment.address, data))
    return replace(image, segments=tuple(segments))


def layer_cycles(url: str, tflite: bytes, seed: int, has_noise: bool = False) -> list[tuple[str, int]]:
    compiled = compile_model(tflite)
    (array,) = random_inputs(compiled.inputs, 1, seed)
    image = link_image(compiled, BOARD)
    assert len(image.weights_addresses) > 100
    image = with_noise_for_weights(image, seed) if has_noise else image
    run = measure_image(
        image, BOARD, url, [(array[0].tobytes(),)], cycles_source=CyclesSource.VIRTUAL, repeats=1, warmups=0
    )
    return [(layer.operator, layer.cycles) for layer in run.measurement.layers]


@pytest.mark.parametrize("network", NETWORKS)
def test_weights_scales_and_inputs_do_not_change_the_cycles_of_any_layer(
    network: Callable[[int], bytes], url: str
) -> None:
    first, *others = (layer_cycles(url, network(seed), seed) for seed in SEEDS)
    others.append(layer_cycles(url, network(3), 3, has_noise=True))  # what an earlier network may leave in flash
    assert len(first) == NETWORKS[network]
    for other in others:
        assert other == first
