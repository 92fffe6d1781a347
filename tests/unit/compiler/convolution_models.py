"""Random convolutions as other tools make them: groups, one scale for all, weights of -128, huge biases, batches."""

from typing import Any

import numpy as np

from tests.unit.compiler.operator_models import NONE, RELU, RELU6, SAME, VALID, OperatorModels
from tests.unit.compiler.tflite_builder import TfliteBuilder

ONES = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}


def weights(models: OperatorModels, shape: tuple[int, ...], lowest: int) -> np.ndarray:
    """Weights some of which are `lowest`."""
    values = models.weights(shape)
    values.reshape(-1)[:: models.integer(1, 4)] = lowest
    return values


def weighted(
    models: OperatorModels, name: str, table: str, source: tuple[int, ...], values: np.ndarray,
    target: tuple[int, ...], axis: int = 0, biggest: int = 5000, weights_zero_point: int = 0, **options: Any,
) -> bytes:  # fmt: skip
    """A network of one operator with weights and bias."""
    builder = TfliteBuilder()
    count = target[-1]
    input_scale = models.scale()
    per_channel = weights_zero_point == 0 and bool(models.integer(0, 1))
    scales = [models.scale(0.001, 0.01) for _ in range(count if per_channel else 1)]
    taps = values.size / count
    output_scale = float(np.float32(input_scale * 0.005 * 73 * 73 * taps**0.5 / 60 * models.scale(0.5, 2.0)))
    x = builder.tensor(source, models.dtype, scale=input_scale, zero_point=models.zero_point())
    w = builder.tensor(values.shape, scale=scales, data=values, axis=axis, zero_point=weights_zero_point)
    data = np.array([models.integer(-biggest, biggest) for _ in range(count)])
    b = builder.tensor(
        (count,), models.bias_dtype, scale=[float(np.float32(input_scale * s)) for s in scales], data=data
    )
    y = builder.tensor(target, models.dtype, scale=output_scale, zero_point=models.zero_point())
    activation = (NONE, RELU)[models.integer(0, 1)]
    inputs = [x, w, b]
    if name == "TRANSPOSE_CONV":
        shape = builder.tensor((4,), "int32", data=np.array(target))
        inputs = [shape, w, x, b]
    builder.operator(name, inputs, [y], table, fusedActivationFunction=activation, **options)
    return builder.build([x], [y])


def unusual(models: OperatorModels) -> bytes:
    """CONV_2D of a batch, perhaps with groups, weights of -128 and biases near the limit."""
    batch, height, width = models.integer(1, 3), models.integer(1, 6), models.integer(1, 6)
    groups, depth, filters = models.integer(1, 3), models.integer(1, 4), models.integer(1, 3)
    kernel = models.integer(1, 3), models.integer(1, 3)
    values = weights(models, (groups * filters, *kernel, depth), -128 if models.integer(0, 1) else -127)
    source, target = (batch, height, width, groups * depth), (batch, height, width, groups * filters)
    biggest = 2**31 - 2**24 if models.integer(0, 3) == 0 else 5000
    return weighted(
        models, "CONV_2D", "Conv2DOptions", source, values, target, biggest=biggest, padding=SAME, **ONES
    )  # fmt: skip


def large_scales(models: OperatorModels) -> bytes:
    """CONV_2D whose channels are scaled by up to 4, on an image of several pixels or one."""
    builder = TfliteBuilder()
    height, width, depth, count = (models.integer(1, n) for n in (2, 3, 5, 9))
    x = builder.tensor((1, height, width, depth), scale=0.05, zero_point=models.zero_point())
    scales = [models.scale(0.1, 0.9) for _ in range(count - 1)] + [models.scale(0.1, 4.0)]
    w = builder.tensor((count, 1, 1, depth), scale=scales, data=models.weights((count, 1, 1, depth)), axis=0)
    y = builder.tensor((1, height, width, count), scale=0.05, zero_point=models.zero_point())
    builder.operator("CONV_2D", [x, w], [y], "Conv2DOptions", padding=SAME, **ONES)
    return builder.build([x], [y])


def deep(models: OperatorModels) -> bytes:
    """CONV_2D of more than 512 values a window, which the kernels sum in passes."""
    depth, count = models.integer(130, 300), models.integer(1, 13)
    values = models.weights((count, 2, 2, depth))
    height, width = models.integer(1, 2), models.integer(1, 3)
    source, target = (1, height + 1, width + 1, depth), (1, height, width, count)
    return weighted(models, "CONV_2D", "Conv2DOptions", source, values, target, padding=VALID, **ONES)


def unusual_depthwise(models: OperatorModels) -> bytes:
    """DEPTHWISE_CONV_2D of a batch with weights of -128."""
    batch, height, width = models.integer(1, 3), models.integer(1, 6), models.integer(1, 6)
    depth, multiplier = models.integer(1, 5), models.integer(1, 3)
    values = weights(models, (1, 3, models.integer(1, 3), depth * multiplier), -128)
    source, target = (batch, height, width, depth), (batch, height, width, depth * multiplier)
    return weighted(
        models, "DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions", source, values, target, axis=3,
        padding=SAME, depthMultiplier=multiplier, **ONES,
    )  # fmt: skip


def three_by_three(models: OperatorModels) -> bytes:
    """DEPTHWISE_CONV_2D by 3x3: 1 to 15 channels, strides 1 and 2, images down to a pixel, factors of any size."""
    stride, padding = models.integer(1, 2), (SAME, VALID)[models.integer(0, 1)]
    smallest = 1 if padding == SAME else 3
    extents = [models.integer(smallest, models.integer(smallest, 14)) for _ in range(2)]
    depth = models.integer(1, 15)
    target = [-(-n // stride) if padding == SAME else -(-(n - 2) // stride) for n in extents]
    builder = TfliteBuilder()
    input_scale, output_scale = models.scale(), models.scale()
    largest = (1e-6, 0.003, 0.3, 3.0, 100.0)[models.integer(0, 4)] * output_scale / input_scale
    scales = [float(np.float32(largest * models.scale(0.01, 1.0))) for _ in range(depth)]
    data = np.array([models.integer(-5000, 5000) for _ in range(depth)])
    x = builder.tensor((1, *extents, depth), scale=input_scale, zero_point=models.zero_point())
    w = builder.tensor((1, 3, 3, depth), scale=scales, data=models.weights((1, 3, 3, depth)), axis=3)
    b = builder.tensor((depth,), "int32", scale=[float(np.float32(input_scale * s)) for s in scales], data=data)
    y = builder.tensor((1, *target, depth), scale=output_scale, zero_point=models.zero_point())
    builder.operator(
        "DEPTHWISE_CONV_2D", [x, w, b], [y], "DepthwiseConv2DOptions", padding=padding, strideH=stride, strideW=stride,
        depthMultiplier=1, dilationHFactor=1, dilationWFactor=1,
        fusedActivationFunction=(NONE, RELU, RELU6)[models.integer(0, 2)],
    )  # fmt: skip
    return builder.build([x], [y])


def unusual_fully_connected(models: OperatorModels) -> bytes:
    """FULLY_CONNECTED of three axes, kept, with weights of -128 that may have a zero point."""
    leading = (models.integer(1, 3), models.integer(1, 4))
    depth, count = models.integer(1, 40), models.integer(1, 9)
    zero_point = models.integer(-100, 100) if models.integer(0, 1) else 0
    values = weights(models, (count, depth), -128)
    return weighted(
        models, "FULLY_CONNECTED", "FullyConnectedOptions", (*leading, depth), values, (*leading, count),
        weights_zero_point=zero_point, keepNumDims=True,
    )  # fmt: skip


def transposed(models: OperatorModels) -> bytes:
    """TRANSPOSE_CONV of any stride and window."""
    batch, depth, count = models.integer(1, 2), models.integer(1, 4), models.integer(1, 4)
    source = models.integer(1, 5), models.integer(1, 5)
    kernel, stride = (models.integer(1, 4), models.integer(1, 4)), (models.integer(1, 3), models.integer(1, 3))
    padding = (SAME, VALID)[models.integer(0, 1)]
    extents = [
        n * s if padding == SAME else (n - 1) * s + max(k, 1)
        for n, s, k in zip(source, stride, kernel, strict=True)
    ]  # fmt: skip
    values = models.weights((count, *kernel, depth))
    return weighted(
        models, "TRANSPOSE_CONV", "TransposeConvOptions", (batch, *source, depth), values, (batch, *extents, count),
        padding=padding, strideH=stride[0], strideW=stride[1],
    )  # fmt: skip


def matrix_product(models: OperatorModels) -> bytes:
    """BATCH_MATMUL of two or three axes by a constant matrix, transposed or not."""
    builder = TfliteBuilder()
    leading = tuple(models.integer(1, 3) for _ in range(models.integer(1, 2)))
    depth, count = models.integer(1, 20), models.integer(1, 8)
    adjoint = bool(models.integer(0, 1))
    values = models.weights((count, depth) if adjoint else (depth, count))
    scale = models.scale()
    x = builder.tensor((*leading, depth), scale=scale, zero_point=models.zero_point())
    w = builder.tensor(values.shape, scale=0.005, zero_point=models.integer(-20, 20), data=values)
    y = builder.tensor((*leading, count), scale=scale * depth**0.5 / 2, zero_point=models.zero_point())
    builder.operator("BATCH_MATMUL", [x, w], [y], "BatchMatMulOptions", adjX=False, adjY=adjoint)
    return builder.build([x], [y])


def pool_of_a_batch(models: OperatorModels) -> bytes:
    """AVERAGE_POOL_2D of several samples."""
    builder = TfliteBuilder()
    scale, zero_point = models.scale(), models.zero_point()
    x = builder.tensor((3, 5, 4, 3), scale=scale, zero_point=zero_point)
    y = builder.tensor((3, 3, 2, 3), scale=scale, zero_point=zero_point)
    builder.operator(
        "AVERAGE_POOL_2D", [x], [y], "Pool2DOptions", padding=SAME, strideH=2, strideW=2, filterHeight=3,
        filterWidth=2, fusedActivationFunction=NONE,
    )  # fmt: skip
    return builder.build([x], [y])


def byte_boundary(models: OperatorModels) -> bytes:
    """uint8 to int8 and back."""
    builder = TfliteBuilder()
    scale = models.scale()
    x = builder.tensor((1, 256), "uint8", scale=scale, zero_point=models.integer(0, 255))
    q = builder.tensor((1, 256), scale=scale * models.scale(0.5, 1.5), zero_point=models.zero_point())
    y = builder.tensor((1, 256), "uint8", scale=models.scale(), zero_point=models.integer(0, 255))
    builder.operator("QUANTIZE", [x], [q], "QuantizeOptions")
    builder.operator("QUANTIZE", [q], [y], "QuantizeOptions")
    return builder.build([x], [y])


def byte_to_float(models: OperatorModels) -> bytes:
    """uint8 to float32."""
    builder = TfliteBuilder()
    x = builder.tensor((1, 256), "uint8", scale=models.scale(), zero_point=models.integer(0, 255))
    y = builder.tensor((1, 256), "float32")
    builder.operator("DEQUANTIZE", [x], [y], "DequantizeOptions")
    return builder.build([x], [y])


def softmax_of_pairs(models: OperatorModels) -> bytes:
    """SOFTMAX of 256 pairs, far apart and near each other, from flat to steep."""
    builder = TfliteBuilder()
    x = builder.tensor((256, 2), scale=models.scale(0.0005, 0.5), zero_point=models.zero_point())
    y = builder.tensor((256, 2), scale=1 / 256, zero_point=-128)
    builder.operator("SOFTMAX", [x], [y], "SoftmaxOptions", beta=1.0)
    return builder.build([x], [y])


def softmax_of_an_image(models: OperatorModels) -> bytes:
    """SOFTMAX over the last of four axes."""
    builder = TfliteBuilder()
    shape = tuple(models.integer(1, 6) for _ in range(4))
    x = builder.tensor(shape, scale=models.scale(0.01, 0.2), zero_point=models.zero_point())
    y = builder.tensor(shape, scale=1 / 256, zero_point=-128)
    builder.operator("SOFTMAX", [x], [y], "SoftmaxOptions", beta=1.0)
    return builder.build([x], [y])
