"""Networks of several operators: what real ones are made of."""

from typing import Any

import numpy as np

from tests.unit.compiler.convolution_models import ONES
from tests.unit.compiler.movement_models import Sketch
from tests.unit.compiler.operator_models import NONE, RELU, SAME, OperatorModels


class GraphSketch(Sketch):
    """Adds operators one after the other and gives the tensor that each one computes."""

    def __init__(self, seed: int) -> None:
        super().__init__(OperatorModels(seed))

    def add(self, name: str, inputs: list[int], shape: tuple[int, ...], table: str = "", **options: Any) -> int:
        result = self.tensor(shape)
        self.builder.operator(name, inputs, [result], table, **options)
        return result

    def join(self, name: str, a: int, b: int, shape: tuple[int, ...]) -> int:
        table = {"ADD": "AddOptions", "MUL": "MulOptions"}[name]
        return self.add(name, [a, b], shape, table, fusedActivationFunction=RELU)

    def convolution(self, source: int, shape: tuple[int, ...], count: int, kernel: int = 1) -> int:
        values = self.models.weights((count, kernel, kernel, shape[3]))
        w = self.tensor(values.shape, scale=0.002, zero_point=0, data=values)
        target = (*shape[:3], count)
        options = {**ONES, "padding": SAME, "fusedActivationFunction": RELU}
        return self.add("CONV_2D", [source, w, -1], target, "Conv2DOptions", **options)


def residual_block() -> bytes:
    """A stem that is read twice: by two convolutions and by the addition behind them."""
    sketch, shape = GraphSketch(1), (1, 6, 6, 4)
    x = sketch.tensor(shape)
    stem = sketch.convolution(x, shape, 4, 3)
    inner = sketch.convolution(sketch.convolution(stem, shape, 4, 3), shape, 4, 3)
    return sketch.builder.build([x], [sketch.join("ADD", stem, inner, shape)])


def squeeze_and_excite() -> bytes:
    """Channels weighted by what their means give."""
    sketch, shape, squeezed = GraphSketch(2), (1, 5, 5, 6), (1, 1, 1, 6)
    x = sketch.tensor(shape)
    body = sketch.convolution(x, shape, 6, 3)
    mean = sketch.add("MEAN", [body, sketch.numbers([1, 2])], squeezed, "ReducerOptions", keepDims=True)
    hidden = sketch.convolution(mean, squeezed, 2)
    gate = sketch.convolution(hidden, (1, 1, 1, 2), 6)
    sigmoid = sketch.tensor(squeezed, scale=1 / 256, zero_point=-128)
    sketch.builder.operator("LOGISTIC", [gate], [sigmoid])
    return sketch.builder.build([x], [sketch.join("MUL", body, sigmoid, shape)])


def inception_block() -> bytes:
    """Three branches side by side, concatenated."""
    sketch, shape = GraphSketch(3), (1, 5, 5, 3)
    x = sketch.tensor(shape)
    branches = [sketch.convolution(x, shape, count, kernel) for count, kernel in ((2, 1), (3, 3), (1, 5))]
    joined = sketch.add("CONCATENATION", [*branches, x], (1, 5, 5, 9), "ConcatenationOptions", axis=3)
    return sketch.builder.build([x], [sketch.convolution(joined, (1, 5, 5, 9), 2)])


def many_inputs_and_outputs() -> bytes:
    """Three inputs of which one is never read, and four outputs: two the same, one an input, one used inside."""
    sketch, shape = GraphSketch(4), (1, 4, 4, 2)
    a, b, unused = (sketch.tensor(shape) for _ in range(3))
    inside = sketch.join("ADD", a, b, shape)
    last = sketch.join("MUL", inside, a, shape)
    flat = sketch.add("RESHAPE", [b], (1, 32))
    return sketch.builder.build([a, b, unused], [last, inside, last, flat])


def sixty_operators() -> bytes:
    """A chain of elementwise operators, transposes, reshapes and convolutions."""
    sketch, shape = GraphSketch(5), (1, 4, 4, 4)
    x = now = sketch.tensor(shape)
    for number in range(15):
        now = sketch.convolution(now, shape, 4, 1 + number % 3)
        now = sketch.add("TRANSPOSE", [now, sketch.numbers([0, 2, 1, 3])], shape, "TransposeOptions")
        now = sketch.join("ADD", now, now, shape) if number % 2 else sketch.add("RELU", [now], shape)
        now = sketch.add("RESHAPE", [now, sketch.numbers([1, 4, -1, 4])], shape, "ReshapeOptions")
    return sketch.builder.build([x], [now])


def shape_arithmetic() -> bytes:
    """What exporters make of `x.reshape(x.shape[0], -1)`: the target is computed from the shape."""
    sketch, shape = GraphSketch(6), (2, 3, 4, 5)
    builder = sketch.builder
    x = sketch.tensor(shape)
    one = sketch.numbers(-1)

    def numbers(extents: tuple[int, ...]) -> int:
        return builder.tensor(extents, "int32")

    extents, batch, product, target = numbers((4,)), numbers(()), numbers(()), numbers((2,))
    builder.operator("SHAPE", [x], [extents], "ShapeOptions", outType=2)
    bounds = [sketch.numbers([0]), sketch.numbers([1]), sketch.numbers([1])]
    builder.operator("STRIDED_SLICE", [extents, *bounds], [batch], "StridedSliceOptions", shrinkAxisMask=1)
    builder.operator("MUL", [batch, one], [product], "MulOptions")
    back = numbers(())
    builder.operator("MUL", [product, one], [back], "MulOptions")
    builder.operator("PACK", [back, one], [target], "PackOptions", axis=0, valuesCount=2)
    flat = sketch.add("RESHAPE", [x, target], (2, 60), "ReshapeOptions")
    return builder.build([x], [sketch.add("RELU", [flat], (2, 60))])


def constant_output() -> bytes:
    """An output that does not depend on the input: its shape."""
    sketch, shape = GraphSketch(9), (3, 4)
    x = sketch.tensor(shape)
    extents = sketch.builder.tensor((2,), "int32")
    sketch.builder.operator("SHAPE", [x], [extents], "ShapeOptions", outType=2)
    return sketch.builder.build([x], [extents, sketch.add("RELU", [x], shape)])


def dilated(by_batches: bool) -> bytes:
    """A dilated convolution, as it is and as old converters write it."""
    sketch = GraphSketch(7)
    sketch.models.integer(0, 9)
    x = sketch.tensor((1, 6, 6, 2))
    if not by_batches:
        values = sketch.models.weights((3, 3, 3, 2))
        w = sketch.tensor(values.shape, scale=0.002, zero_point=0, data=values)
        options = {"strideH": 1, "strideW": 1, "dilationHFactor": 2, "dilationWFactor": 2, "padding": SAME}
        options["fusedActivationFunction"] = RELU
        return sketch.builder.build([x], [sketch.add("CONV_2D", [x, w, -1], (1, 6, 6, 3), "Conv2DOptions", **options)])
    block, pads = sketch.numbers([2, 2]), sketch.numbers([[2, 2], [2, 2]])
    spread = sketch.add("SPACE_TO_BATCH_ND", [x, block, pads], (4, 5, 5, 2), "SpaceToBatchNDOptions")
    convolved = sketch.convolution(spread, (4, 5, 5, 2), 3, 3)
    crops = sketch.numbers([[2, 2], [2, 2]])
    y = sketch.add("BATCH_TO_SPACE_ND", [convolved, block, crops], (1, 6, 6, 3), "BatchToSpaceNDOptions")
    return sketch.builder.build([x], [y])


def folded_weights() -> bytes:
    """Weights that are transposed and quantised on the way, by operators on constants."""
    sketch = GraphSketch(8)
    x = sketch.tensor((1, 8))
    data = np.random.default_rng(8).uniform(-1, 1, (8, 4))
    real = sketch.builder.tensor((8, 4), "float32", data=data)
    stored = sketch.add("QUANTIZE", [real], (8, 4), "QuantizeOptions")
    turned = sketch.add("TRANSPOSE", [stored, sketch.numbers([1, 0])], (4, 8), "TransposeOptions")
    whole = sketch.add("RESHAPE", [turned], (1, 4, 8))
    y = sketch.add("ADD", [x, whole], (1, 4, 8), "AddOptions", fusedActivationFunction=NONE)
    return sketch.builder.build([x], [y])


NETWORKS = {
    network.__name__: network
    for network in (
        residual_block, squeeze_and_excite, inception_block, many_inputs_and_outputs, sixty_operators,
        shape_arithmetic, folded_weights, constant_output,
    )
}  # fmt: skip
