"""Random networks of one operator each, for comparison with the oracle."""

from typing import Any

import numpy as np

from tests.unit.compiler.tflite_builder import TfliteBuilder

SAME, VALID = 0, 1
NONE, RELU, RELU6 = 0, 1, 3


class OperatorModels:
    """Draws shapes, scales and weights; the same seed gives the same networks."""

    dtype = "int8"  # of activations
    bias_dtype = "int32"
    steps_per_byte = 1.0  # of activations, in a step of an int8

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def integer(self, low: int, high: int) -> int:
        return int(self._random.integers(low, high + 1))

    def scale(self, low: float = 0.005, high: float = 0.1) -> float:
        return float(np.float32(self._random.uniform(low, high)))

    def zero_point(self) -> int:
        return self.integer(-128, 127)

    def weights(self, shape: tuple[int, ...]) -> np.ndarray:
        return self._random.integers(-127, 128, shape).astype(np.int8)

    def integers(self, shape: tuple[int, ...], limit: int) -> np.ndarray:
        return self._random.integers(-limit, limit + 1, shape)

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        """Values of a constant activation."""
        return self.weights(shape)

    def convolution(self, depthwise: bool = False) -> bytes:
        """CONV_2D or DEPTHWISE_CONV_2D of random window, stride, dilation, padding and activation."""
        height, width, depth = self.integer(1, 11), self.integer(1, 11), self.integer(1, 9)
        kernel = (self.integer(1, min(height, 5)), self.integer(1, min(width, 5)))
        if depthwise and min(height, width) >= 3 and self.integer(0, 1):
            kernel = (3, 3)
        dilation = (1, 1) if self.integer(0, 2) else (self.integer(1, 2), self.integer(1, 2))
        stride = (1, 1) if dilation != (1, 1) else (self.integer(1, 3), self.integer(1, 3))
        if self.integer(0, 1):
            stride = (stride[0], stride[0])
        reach = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))
        padding = SAME if reach[0] > height or reach[1] > width else self.integer(0, 1)
        count = depth * self.integer(1, 3) if depthwise else self.integer(1, 9)
        output = tuple(
            -(-extent // s) if padding == SAME else -(-(extent - r + 1) // s)
            for extent, r, s in zip((height, width), reach, stride, strict=True)
        )
        shape = (1, *kernel, count) if depthwise else (count, *kernel, depth)
        taps = kernel[0] * kernel[1] * (1 if depthwise else depth)
        options: dict[str, Any] = {"depthMultiplier": count // depth} if depthwise else {}
        return self._weighted(
            "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D",
            (1, height, width, depth),
            self.weights(shape),
            (1, *output, count),
            count,
            taps,
            table="DepthwiseConv2DOptions" if depthwise else "Conv2DOptions",
            axis=3 if depthwise else 0,
            padding=padding,
            strideH=stride[0],
            strideW=stride[1],
            dilationHFactor=dilation[0],
            dilationWFactor=dilation[1],
            **options,
        )

    def fully_connected(self) -> bytes:
        """FULLY_CONNECTED with a scale for all outputs or one for each."""
        batches, depth, count = self.integer(1, 3), self.integer(1, 700), self.integer(1, 20)
        per_channel = bool(self.integer(0, 1))
        return self._weighted(
            "FULLY_CONNECTED", (batches, depth), self.weights((count, depth)), (batches, count),
            count if per_channel else 1, depth, table="FullyConnectedOptions", axis=0,
        )  # fmt: skip

    def _weighted(
        self, name: str, source: tuple[int, ...], weights: np.ndarray, target: tuple[int, ...], scale_count: int,
        taps: int, table: str, axis: int, **options: Any,
    ) -> bytes:  # fmt: skip
        builder = TfliteBuilder()
        input_scale = self.scale()
        weight_scales = [self.scale(0.001, 0.01) for _ in range(scale_count)]
        # so that outputs fill the int8 range: the sum of n random products grows with the root of n
        output_scale = float(np.float32(input_scale * 0.005 * 73 * 73 * taps**0.5 / 60 * self.scale(0.5, 2.0)))
        x = builder.tensor(source, scale=input_scale, zero_point=self.zero_point())
        w = builder.tensor(weights.shape, scale=weight_scales, data=weights, axis=axis)
        inputs = [x, w]
        count = target[-1]
        if name == "DEPTHWISE_CONV_2D" or self.integer(0, 3):  # see oracle_models.py
            bias = self._random.integers(-5000, 5001, count)
            scales = [float(np.float32(input_scale) * np.float32(s)) for s in weight_scales]
            inputs.append(builder.tensor((count,), "int32", scale=scales, data=bias))
        else:
            inputs.append(-1)
        y = builder.tensor(target, scale=output_scale, zero_point=self.zero_point())
        activation = (NONE, RELU, RELU6)[self.integer(0, 2)]
        builder.operator(name, inputs, [y], table, fusedActivationFunction=activation, **options)
        return builder.build([x], [y])

    def pool(self, name: str) -> bytes:
        """AVERAGE_POOL_2D or MAX_POOL_2D."""
        height, width, depth = self.integer(1, 9), self.integer(1, 9), self.integer(1, 6)
        kernel = (self.integer(1, height), self.integer(1, width))
        stride = (self.integer(1, 3), self.integer(1, 3))
        padding = self.integer(0, 1)
        output = tuple(
            -(-extent // s) if padding == SAME else -(-(extent - k + 1) // s)
            for extent, k, s in zip((height, width), kernel, stride, strict=True)
        )
        builder = TfliteBuilder()
        scale, zero_point = self.scale(), self.zero_point()
        x = builder.tensor((1, height, width, depth), self.dtype, scale=scale, zero_point=zero_point)
        y = builder.tensor((1, *output, depth), self.dtype, scale=scale, zero_point=zero_point)
        builder.operator(
            name, [x], [y], "Pool2DOptions", padding=padding, strideH=stride[0], strideW=stride[1],
            filterHeight=kernel[0], filterWidth=kernel[1], fusedActivationFunction=(NONE, RELU)[self.integer(0, 1)],
        )  # fmt: skip
        return builder.build([x], [y])

    def softmax(self) -> bytes:
        """SOFTMAX of one or more rows, from flat to steep."""
        shape = (self.integer(1, 3), self.integer(1, 40))
        builder = TfliteBuilder()
        x = builder.tensor(shape, scale=self.scale(0.001, 0.5), zero_point=self.zero_point())
        y = builder.tensor(shape, scale=1 / 256, zero_point=-128)
        builder.operator("SOFTMAX", [x], [y], "SoftmaxOptions", beta=1.0)
        return builder.build([x], [y])

    def unary(self, name: str, table: str = "", **options: Any) -> bytes:
        """A function of one value over all 256 of them."""
        builder = TfliteBuilder()
        scale, zero_point = self.scale(), self.integer(-100, 100)
        target = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0), "RELU6": (scale, zero_point)}.get(
            name, (float(np.float32(scale * self.scale(0.5, 1.5))), self.integer(-128, 100))
        )
        x = builder.tensor((1, 256), scale=scale, zero_point=zero_point)
        y = builder.tensor((1, 256), scale=target[0], zero_point=target[1])
        builder.operator(name, [x], [y], table, **options)
        return builder.build([x], [y])

    def float_boundary(self) -> bytes:
        """QUANTIZE from float32 and DEQUANTIZE back."""
        builder = TfliteBuilder()
        shape = (1, 64)
        x = builder.tensor(shape, "float32")
        q = builder.tensor(shape, scale=self.scale(0.005, 0.02), zero_point=self.zero_point())
        y = builder.tensor(shape, "float32")
        builder.operator("QUANTIZE", [x], [q], "QuantizeOptions")
        builder.operator("DEQUANTIZE", [q], [y], "DequantizeOptions")
        return builder.build([x], [y])
