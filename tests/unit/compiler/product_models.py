"""Random networks of one product of matrices."""

import numpy as np

from tests.unit.compiler.operator_models import OperatorModels
from tests.unit.compiler.tflite_builder import TfliteBuilder


def matrices(models: OperatorModels) -> bytes:
    """BATCH_MATMUL of tensors, one of them perhaps a constant; batches that broadcast, operands transposed or not."""
    builder = TfliteBuilder()
    rows, depth, columns = models.integer(1, 9), models.integer(1, 30), models.integer(1, 9)
    turned = bool(models.integer(0, 1)), bool(models.integer(0, 1))
    batches = _batches(models)
    shapes = (
        (*batches[0], *((depth, rows) if turned[0] else (rows, depth))),
        (*batches[1], *((columns, depth) if turned[1] else (depth, columns))),
    )
    constant = models.integer(0, 5)  # most often none of them
    tensors, scales = [], []
    for position, shape in enumerate(shapes):
        scales.append(models.scale())
        data = models.weights(shape) if constant == position else None
        tensors.append(builder.tensor(shape, scale=scales[-1], zero_point=models.zero_point(), data=data))
    full = scales[0] * scales[1] * 73 * 73 * depth**0.5 / 60
    target = (*np.broadcast_shapes(*batches), rows, columns)
    y = builder.tensor(
        target, scale=float(np.float32(full * models.scale(0.5, 2.0))), zero_point=models.integer(-60, 60)
    )
    builder.operator("BATCH_MATMUL", tensors, [y], "BatchMatMulOptions", adjX=turned[0], adjY=turned[1])
    return builder.build([tensor for i, tensor in enumerate(tensors) if i != constant], [y])


def attention(seed: int) -> bytes:
    """One head over ten frames: queries by keys, softmax, by values. The shapes are the same for every seed."""
    models, builder = OperatorModels(seed), TfliteBuilder()
    x = builder.tensor((10, 12), scale=models.scale(), zero_point=models.zero_point())
    queries, keys, values = (_dense(models, builder, x, 7) for _ in range(3))
    scores = _product(models, builder, (queries, keys), (10, 10), adjoint=True)
    shares = builder.tensor((10, 10), scale=1 / 256, zero_point=-128)
    builder.operator("SOFTMAX", [scores], [shares], "SoftmaxOptions", beta=1.0)
    return builder.build([x], [_product(models, builder, (shares, values), (10, 7), adjoint=False)])


def _dense(models: OperatorModels, builder: TfliteBuilder, x: int, count: int) -> int:
    depth, scale = int(builder.tensors[x].shape[1]), float(builder.tensors[x].quantization.scale[0])
    values = models.weights((count, depth))
    w = builder.tensor(values.shape, scale=0.005, data=values)
    full = float(np.float32(scale * 0.005 * 90 * depth**0.5))
    y = builder.tensor((10, count), scale=full, zero_point=models.integer(-40, 40))
    builder.operator("FULLY_CONNECTED", [x, w, -1], [y], "FullyConnectedOptions")
    return y


def _product(
    models: OperatorModels, builder: TfliteBuilder, factors: tuple[int, int], shape: tuple[int, int], adjoint: bool
) -> int:
    scales = [float(builder.tensors[factor].quantization.scale[0]) for factor in factors]
    y = builder.tensor(shape, scale=float(np.float32(scales[0] * scales[1] * 250)), zero_point=models.integer(-40, 40))
    builder.operator("BATCH_MATMUL", list(factors), [y], "BatchMatMulOptions", adjX=False, adjY=adjoint)
    return y


def _batches(models: OperatorModels) -> list[tuple[int, ...]]:
    """Extents before the matrices: equal, repeated along some axes, or left out."""
    whole = tuple(models.integer(1, 3) for _ in range(models.integer(0, 3)))
    kind = models.integer(0, 3)
    parts = [whole, whole]
    if kind > 0 and whole:
        part = tuple(extent if models.integer(0, 1) else 1 for extent in whole)
        parts[kind % 2] = part[models.integer(0, len(part) - 1) :] if kind == 3 else part
    return parts
