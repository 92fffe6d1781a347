"""A kernel that hardly runs is left out where another one of the network does its work."""

import numpy as np

from orchestrator.compiler import compile_model
from tests.unit.compiler.operator_models import SAME
from tests.unit.compiler.tflite_builder import TfliteBuilder


def network(pixels: int, batch: int, depth: int) -> bytes:
    """A pointwise convolution over an image, then a dense layer of its own depth over one pixel or all."""
    builder = TfliteBuilder()
    x = builder.tensor((batch, pixels, 1, depth), scale=0.1)
    kernels = builder.tensor((4, 1, 1, depth), scale=0.01, data=np.ones((4, 1, 1, depth), np.int8))
    y = builder.tensor((batch, pixels, 1, 4), scale=0.1)
    ones = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    builder.operator("CONV_2D", [x, kernels], [y], "Conv2DOptions", padding=SAME, **ones)
    head = builder.tensor((1, depth), scale=0.1)
    dense = builder.tensor((2, depth), scale=0.01, data=np.ones((2, depth), np.int8))
    result = builder.tensor((1, 2), scale=0.1)
    builder.operator("FULLY_CONNECTED", [head, dense], [result], "FullyConnectedOptions")
    return builder.build([x, head], [y, result])


def test_a_small_dense_layer_goes_through_the_convolution() -> None:
    source = compile_model(network(pixels=100, batch=1, depth=16)).c_source
    assert "mt_conv2d_s8(" in source
    assert "mt_fully_connected_s8(" not in source


def test_a_dense_layer_that_counts_keeps_its_kernel() -> None:
    assert "mt_fully_connected_s8(" in compile_model(network(pixels=2, batch=1, depth=16)).c_source


def test_every_sample_of_a_batch_is_computed() -> None:
    compiled = compile_model(network(pixels=1, batch=200, depth=16))
    assert "mt_fully_connected_s8(" in compiled.c_source
    assert "i < 200" in compiled.c_source
