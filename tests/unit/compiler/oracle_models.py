"""Networks that the compiler takes and TensorFlow Lite Micro does not run, or only slowly."""

import numpy as np

from tests.unit.compiler.convolution_models import ONES
from tests.unit.compiler.graph_models import GraphSketch
from tests.unit.compiler.operator_models import NONE, SAME


def repeated_rows() -> bytes:
    """TILE, of which it has no kernel for int8."""
    sketch = GraphSketch(1)
    x = sketch.tensor((1, 4))
    return sketch.builder.build([x], [sketch.add("TILE", [x, sketch.numbers([2, 1])], (2, 4), "TileOptions")])


def depthwise(bias: bool) -> bytes:
    """DEPTHWISE_CONV_2D, with a bias of 0 or with none, which ends the process that runs it."""
    sketch, shape = GraphSketch(2), (1, 4, 5, 3)
    x = sketch.tensor(shape, scale=0.02)
    w = sketch.tensor((1, 3, 3, 3), scale=0.01, zero_point=0, data=sketch.models.weights((1, 3, 3, 3)))
    inputs = [x, w, sketch.builder.tensor((3,), "int32", scale=2e-4, data=np.zeros(3))] if bias else [x, w, -1]
    y = sketch.tensor(shape, scale=0.05)
    sketch.builder.operator(
        "DEPTHWISE_CONV_2D", inputs, [y], "DepthwiseConv2DOptions", padding=SAME, depthMultiplier=1,
        fusedActivationFunction=NONE, **ONES,
    )  # fmt: skip
    return sketch.builder.build([x], [y])


def slow() -> bytes:
    """A convolution of 600 million products, which its reference kernels take the better part of a second for."""
    sketch, shape = GraphSketch(3), (1, 128, 128, 64)
    x = sketch.tensor(shape)
    return sketch.builder.build([x], [sketch.convolution(x, shape, 64, 3)])
