"""Random networks of one operator that computes with two values, or with many along an axis."""

from typing import Any

import numpy as np

from tests.unit.compiler.movement_models import Sketch
from tests.unit.compiler.operator_models import NONE, RELU, OperatorModels
from tests.unit.compiler.tflite_builder import TfliteBuilder

_TABLES = {"ADD": "AddOptions", "MUL": "MulOptions", "SUB": "SubOptions"}


def elementwise(models: OperatorModels, name: str) -> bytes:
    """ADD, SUB, MUL, MAXIMUM, MINIMUM or SQUARED_DIFFERENCE of tensors that broadcast in any direction."""
    target = tuple(models.integer(1, 5) for _ in range(models.integer(1, 4)))
    kind = models.integer(0, 5)
    shapes = [target, target]
    if kind in (1, 2):
        shapes[kind - 1] = _part(models, target)
    elif kind == 3:
        shapes = [_part(models, target), _part(models, target)]
    elif kind == 4:
        shapes[models.integer(0, 1)] = (1,)
    return _binary(models, name, shapes[0], shapes[1], same=kind == 5)


def _part(models: OperatorModels, target: tuple[int, ...]) -> tuple[int, ...]:
    """Some axes of extent 1, some leading ones left out."""
    shape = tuple(extent if models.integer(0, 2) else 1 for extent in target)
    return shape[models.integer(0, len(shape) - 1) :] if models.integer(0, 1) else shape


def _binary(
    models: OperatorModels, name: str, shape_a: tuple[int, ...], shape_b: tuple[int, ...], same: bool = False
) -> bytes:
    builder = TfliteBuilder()
    extreme = name in ("MAXIMUM", "MINIMUM")
    scales = models.scale(), models.scale()
    points = models.zero_point(), models.zero_point()
    if extreme:
        scales, points = (scales[0],) * 2, (points[0],) * 2
    constant = models.integer(0, 3)  # sometimes one operand
    tensors, computed = [], []
    for position, shape in enumerate((shape_a, shape_b)):
        is_constant = constant == position and not same
        data = models.values(shape) if is_constant else None
        tensors.append(builder.tensor(shape, models.dtype, scales[position], points[position], data))
        computed += [] if is_constant else [tensors[-1]]
    if same:
        tensors, computed = [tensors[0]] * 2, tensors[:1]
    largest = models.steps_per_byte
    products = {"MUL": scales[0] * scales[1] * 100 * largest, "SQUARED_DIFFERENCE": max(scales) ** 2 * 300 * largest}
    full = products.get(name, sum(scales))
    scale, zero_point = float(np.float32(full * models.scale(0.5, 1.5))), models.zero_point()
    if extreme:
        scale, zero_point = scales[0], points[0]
    target = np.broadcast_shapes(shape_a, shape_a if same else shape_b)
    y = builder.tensor(target, models.dtype, scale=scale, zero_point=zero_point)
    options: dict[str, Any] = {"fusedActivationFunction": (NONE, RELU)[models.integer(0, 1)]} if name in _TABLES else {}
    builder.operator(name, tensors, [y], _TABLES.get(name, "MaximumMinimumOptions" if extreme else ""), **options)
    return builder.build(computed, [y])


def prelu(models: OperatorModels) -> bytes:
    """PRELU with a slope for each channel, or for each value."""
    builder = TfliteBuilder()
    shape = tuple(models.integer(1, 5) for _ in range(models.integer(2, 4)))
    slopes = (1,) * (len(shape) - 2) + shape[-1:] if models.integer(0, 2) else shape[1:]
    scale = models.scale()
    x = builder.tensor(shape, models.dtype, scale=scale, zero_point=models.zero_point())
    data = models.weights(slopes)
    alpha = builder.tensor(slopes, scale=models.scale(0.001, 0.01), zero_point=models.integer(-20, 20), data=data)
    factor = models.scale(0.5, 1.5)
    y = builder.tensor(shape, models.dtype, scale=float(np.float32(scale * factor)), zero_point=models.zero_point())
    builder.operator("PRELU", [x, alpha], [y])
    return builder.build([x], [y])


def reduction(models: OperatorModels, name: str) -> bytes:
    """MEAN, SUM, REDUCE_MAX or REDUCE_MIN over any axes, with and without kept dimensions."""
    sketch = Sketch(models)
    shape = sketch.shape(models.integer(1, 4), 7)
    axes = sorted({models.integer(0, len(shape) - 1) for _ in range(models.integer(1, 3))})
    keep = bool(models.integer(0, 1))
    kept = tuple(1 if axis in axes else extent for axis, extent in enumerate(shape) if keep or axis not in axes)
    count = int(np.prod([shape[axis] for axis in axes]))
    given: dict[str, Any] = {}
    if name in ("MEAN", "SUM"):
        factor = models.scale(0.2, 1.2) * (count**0.5 if name == "SUM" else 1.0)
        given = {"scale": float(np.float32(sketch.scale * factor)), "zero_point": models.zero_point()}
    x, y = sketch.tensor(shape), sketch.tensor(kept, **given)
    axes = [axis - len(shape) * models.integer(0, 1) for axis in axes]
    return sketch.run(name, [x, sketch.numbers(axes)], [y], "ReducerOptions", keepDims=keep)


def arg(models: OperatorModels, name: str) -> bytes:
    """ARG_MAX or ARG_MIN along any axis."""
    sketch = Sketch(models)
    shape = sketch.shape(models.integer(2, 4), 6)
    axis = models.integer(0, len(shape) - 1)
    x = sketch.tensor(shape)
    y = sketch.builder.tensor((*shape[:axis], *shape[axis + 1 :]), "int32")
    table, field = ("ArgMaxOptions", "outputType") if name == "ARG_MAX" else ("ArgMinOptions", "outputType")
    return sketch.run(name, [x, sketch.numbers(axis)], [y], table, **{field: 2})


def normalisation(models: OperatorModels, name: str) -> bytes:
    """L2_NORMALIZATION or LOG_SOFTMAX of some rows, scales from fine to coarse."""
    builder = TfliteBuilder()
    shape = models.integer(1, 3), models.integer(1, 3), models.integer(1, 80)
    table, scale, zero_point = {
        "L2_NORMALIZATION": ("L2NormOptions", 1 / 128, 0),
        "LOG_SOFTMAX": ("LogSoftmaxOptions", 1 / 16, 127),
    }[name]
    x = builder.tensor(shape, scale=models.scale(0.001, 0.5), zero_point=models.zero_point())
    y = builder.tensor(shape, scale=scale, zero_point=zero_point)
    builder.operator(name, [x], [y], table)
    return builder.build([x], [y])


def inverse_root(models: OperatorModels) -> bytes:
    """RSQRT of all values from zero on."""
    builder = TfliteBuilder()
    x = builder.tensor((1, 256), scale=models.scale(0.0001, 0.1), zero_point=-128)
    y = builder.tensor((1, 256), scale=models.scale(0.01, 1.0), zero_point=models.zero_point())
    builder.operator("RSQRT", [x], [y])
    return builder.build([x], [y])
