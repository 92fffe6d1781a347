"""Random networks of one operator with int16 activations and int8 weights, for comparison with the oracle."""

from typing import Any

import numpy as np

from tests.unit.compiler.movement_models import Sketch
from tests.unit.compiler.operator_models import NONE, RELU, RELU6, SAME, OperatorModels
from tests.unit.compiler.tflite_builder import TfliteBuilder

_INT32 = 2  # of the schema's TensorType
ONES = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}


class Int16Models(OperatorModels):
    """As for int8, with scales of which 32,768 steps reach about as far as 128 of int8."""

    dtype = "int16"
    bias_dtype = "int64"
    steps_per_byte = 256.0

    def scale(self, low: float = 0.005 / 256, high: float = 0.1 / 256) -> float:
        return super().scale(low, high)

    def zero_point(self) -> int:
        return 0

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        return self._random.integers(-(1 << 15), 1 << 15, shape).astype(np.int16)

    def weights(self, shape: tuple[int, ...]) -> np.ndarray:
        return self._random.integers(-128, 128, shape).astype(np.int8)

    def _weighted(
        self, name: str, source: tuple[int, ...], weights: np.ndarray, target: tuple[int, ...], scale_count: int,
        taps: int, table: str, axis: int, **options: Any,
    ) -> bytes:  # fmt: skip
        builder = TfliteBuilder()
        input_scale = self.scale()
        weight_scales = [self.scale(0.001, 0.01) for _ in range(scale_count)]
        output_scale = float(np.float32(input_scale * 0.005 * 73 * 73 * taps**0.5 / 60 * self.scale(0.5, 2.0)))
        x = builder.tensor(source, "int16", scale=input_scale)
        w = builder.tensor(weights.shape, scale=weight_scales, data=weights, axis=axis)
        kinds = ["int64"] if name == "DEPTHWISE_CONV_2D" else ["int64", "int64", "int32", "none", "none of int32"]
        kind = kinds[self.integer(0, len(kinds) - 1)]
        inputs = [x, w, -1]
        if kind in ("int64", "int32"):
            bias = self._random.integers(-1_000_000, 1_000_001, target[-1])
            scales = [float(np.float32(input_scale) * np.float32(s)) for s in weight_scales]
            inputs[2] = builder.tensor((target[-1],), kind, scale=scales, data=bias)
        elif kind == "none of int32":
            options["quantizedBiasType"] = _INT32
        y = builder.tensor(target, "int16", scale=output_scale)
        activation = (NONE, RELU, RELU6)[self.integer(0, 2)]
        builder.operator(name, inputs, [y], table, fusedActivationFunction=activation, **options)
        return builder.build([x], [y])

    def softmax(self) -> bytes:
        """SOFTMAX of one or more rows, from flat to steep."""
        shape = (self.integer(1, 3), self.integer(1, 40))
        return self.of_one(shape, self.scale(1e-5, 2e-3), 1 / 32768, "SOFTMAX", "SoftmaxOptions", beta=1.0)

    def unary(self, name: str, table: str = "", **options: float) -> bytes:
        """A function of one value over many of them."""
        scale = self.scale()
        target = {"LOGISTIC": 1 / 32768, "TANH": 1 / 32768, "RELU6": scale}.get(
            name, float(np.float32(scale * self.scale(0.5, 1.5)))
        )
        return self.of_one((1, 4096), scale, target, name, table, **options)

    def of_one(
        self, shape: tuple[int, ...], scale: float, target: float, name: str, table: str = "", **options: float
    ) -> bytes:
        builder = TfliteBuilder()
        x, y = (builder.tensor(shape, "int16", scale=s) for s in (scale, target))
        builder.operator(name, [x], [y], table, **options)
        return builder.build([x], [y])

    def float_boundary(self) -> bytes:
        """QUANTIZE from float32 and DEQUANTIZE back."""
        builder = TfliteBuilder()
        x, y = builder.tensor((1, 64), "float32"), builder.tensor((1, 64), "float32")
        q = builder.tensor((1, 64), "int16", scale=self.scale())
        builder.operator("QUANTIZE", [x], [q], "QuantizeOptions")
        builder.operator("DEQUANTIZE", [q], [y], "DequantizeOptions")
        return builder.build([x], [y])


def byte_boundary(models: OperatorModels) -> bytes:
    """int8 to int16 and back."""
    builder = TfliteBuilder()
    byte_scale = models.scale(0.005, 0.1)
    x = builder.tensor((1, 256), scale=byte_scale, zero_point=models.integer(-128, 127))
    q = builder.tensor((1, 256), "int16", scale=byte_scale * models.scale(0.5, 1.5) / 256)
    y = builder.tensor((1, 256), scale=byte_scale * models.scale(0.5, 1.5), zero_point=models.integer(-128, 127))
    builder.operator("QUANTIZE", [x], [q], "QuantizeOptions")
    builder.operator("QUANTIZE", [q], [y], "QuantizeOptions")
    return builder.build([x], [y])


def to_byte(models: OperatorModels) -> bytes:
    """int16 to int8."""
    builder = TfliteBuilder()
    scale = models.scale()
    x = builder.tensor((1, 1024), "int16", scale=scale)
    y = builder.tensor((1, 1024), scale=scale * 256 * models.scale(0.5, 1.5), zero_point=models.integer(-128, 127))
    builder.operator("QUANTIZE", [x], [y], "QuantizeOptions")
    return builder.build([x], [y])


def deep_convolution(models: OperatorModels) -> bytes:
    """CONV_2D of a batch whose sums need several passes of 32 bits, of extreme weights."""
    shape = (2, 3, 3, models.integer(100, 130))
    weights = np.full((models.integer(1, 3), 3, 3, shape[3]), (-128, 127)[models.integer(0, 1)], np.int8)
    builder = TfliteBuilder()
    x = builder.tensor(shape, "int16", scale=models.scale())
    w = builder.tensor(weights.shape, scale=0.01, data=weights)
    y = builder.tensor((2, 3, 3, len(weights)), "int16", scale=0.5 + models.scale())
    builder.operator("CONV_2D", [x, w, -1], [y], "Conv2DOptions", padding=SAME, **ONES)
    return builder.build([x], [y])


def grouped_convolution(models: OperatorModels) -> bytes:
    """CONV_2D with groups, perhaps of one channel, and either kind of bias."""
    groups, depth, filters = models.integer(2, 3), models.integer(1, 3), models.integer(1, 3)
    weights = models.weights((groups * filters, 3, 2, depth))
    builder = TfliteBuilder()
    scale, kind = models.scale(), ("int32", "int64")[models.integer(0, 1)]
    x = builder.tensor((1, 5, 4, groups * depth), "int16", scale=scale)
    w = builder.tensor(weights.shape, scale=0.01, data=weights)
    bias = builder.tensor((len(weights),), kind, scale=scale * 0.01, data=np.arange(len(weights)) * 70_001)
    y = builder.tensor((1, 5, 4, len(weights)), "int16", scale=scale * (depth * 6) ** 0.5)
    builder.operator("CONV_2D", [x, w, bias], [y], "Conv2DOptions", padding=SAME, **ONES)
    return builder.build([x], [y])


def padded_with_a_value(models: OperatorModels) -> bytes:
    """PADV2 with a value whose two bytes differ."""
    sketch = Sketch(models)
    x, y = sketch.tensor((2, 3)), sketch.tensor((4, 6))
    value = sketch.tensor((1,), data=np.array([models.integer(2, 32767)], np.int16))
    return sketch.run("PADV2", [x, sketch.numbers([[1, 1], [2, 1]]), value], [y], "PadV2Options")
