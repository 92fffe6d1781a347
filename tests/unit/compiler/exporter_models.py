"""Networks as exporters write them: small oddities of files that are otherwise sound."""

import numpy as np

from tests.unit.compiler.graph_models import GraphSketch
from tests.unit.compiler.operator_models import SAME


def value_by_an_empty_shape() -> bytes:
    """A mean that becomes a scalar: the shape of RESHAPE is an empty list."""
    sketch, shape = GraphSketch(11), (1, 6)
    x = sketch.tensor(shape)
    mean = sketch.add("MEAN", [x, sketch.numbers([1])], (1,), "ReducerOptions")
    scalar = sketch.add("RESHAPE", [mean, sketch.builder.tensor((0,), "int32")], (), "ReshapeOptions")
    return sketch.builder.build([x], [sketch.join("MUL", x, scalar, shape)])


def mean_along_no_axis() -> bytes:
    sketch, shape = GraphSketch(12), (2, 3, 4)
    x = sketch.tensor(shape)
    y = sketch.tensor(shape, scale=2 * sketch.scale)
    sketch.builder.operator("MEAN", [x, sketch.builder.tensor((0,), "int32")], [y], "ReducerOptions")
    return sketch.builder.build([x], [y])


def open_batch_in_the_middle() -> bytes:
    """A signature that carries the open batch along; a transposition moves it to the second axis."""
    sketch = GraphSketch(13)
    x = sketch.tensor((1, 5, 4))
    turned = sketch.add("TRANSPOSE", [x, sketch.numbers([1, 0, 2])], (5, 1, 4), "TransposeOptions")
    y = sketch.add("RELU", [turned], (5, 1, 4))
    for tensor, signature in ((x, [-1, 5, 4]), (turned, [5, -1, 4]), (y, [5, -1, -1])):
        sketch.builder.tensors[tensor].shapeSignature = np.array(signature, np.int32)
    return sketch.builder.build([x], [y])


def constant_among_the_outputs() -> bytes:
    sketch, shape = GraphSketch(14), (1, 4)
    x, constant = sketch.tensor(shape), sketch.tensor((1, 3), data=sketch.models.weights((1, 3)))
    return sketch.builder.build([x], [constant, sketch.add("RELU", [x], shape)])


def scales_computed_twice() -> bytes:
    """Operators that keep their values, each output with a scale that differs in its last digits."""
    sketch = GraphSketch(15)
    x = sketch.tensor((1, 4, 4, 3))
    pool = {"padding": SAME, "strideH": 1, "strideW": 1, "filterHeight": 2, "filterWidth": 2}
    pooled = sketch.tensor((1, 4, 4, 3), scale=sketch.scale * (1 + 1e-6))
    sketch.builder.operator("MAX_POOL_2D", [x], [pooled], "Pool2DOptions", **pool)
    padded = sketch.tensor((1, 5, 5, 3), scale=sketch.scale * 1.001)
    margins = sketch.numbers([[0, 0], [1, 0], [0, 1], [0, 0]])
    sketch.builder.operator("PAD", [pooled, margins], [padded], "PadOptions")
    turned = sketch.tensor((3, 5, 5, 1), scale=sketch.scale * 0.9995)
    sketch.builder.operator("TRANSPOSE", [padded, sketch.numbers([3, 1, 2, 0])], [turned], "TransposeOptions")
    return sketch.builder.build([x], [turned])


def four_bit_weights() -> bytes:
    """Convolution and fully connected layer with two weights a byte; an odd number of them."""
    sketch = GraphSketch(16)
    values = [sketch.models.weights(shape) >> 4 for shape in ((3, 3, 3, 3), (5, 3 * 25))]
    x = sketch.tensor((1, 5, 5, 3))
    filters, matrix = (sketch.tensor(v.shape, dtype="int4", scale=0.03, zero_point=0, data=v) for v in values)
    convolution = {"padding": SAME, "strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    y = sketch.add("CONV_2D", [x, filters, -1], (1, 5, 5, 3), "Conv2DOptions", **convolution)
    z = sketch.add("FULLY_CONNECTED", [y, matrix, -1], (1, 5), "FullyConnectedOptions")
    return sketch.builder.build([x], [z])


def only_another_shape() -> bytes:
    sketch = GraphSketch(17)
    x = sketch.tensor((1, 12))
    wide = sketch.add("RESHAPE", [x, sketch.numbers([3, 4])], (3, 4), "ReshapeOptions")
    return sketch.builder.build([x], [sketch.add("SQUEEZE", [wide], (3, 4), "SqueezeOptions")])


def a_single_number() -> bytes:
    sketch = GraphSketch(18)
    x = sketch.tensor(())
    return sketch.builder.build([x], [sketch.add("RELU", [x], ())])


NETWORKS = {
    network.__name__: network
    for network in (
        value_by_an_empty_shape, mean_along_no_axis, open_batch_in_the_middle, constant_among_the_outputs,
        scales_computed_twice, four_bit_weights, only_another_shape, a_single_number,
    )
}  # fmt: skip
