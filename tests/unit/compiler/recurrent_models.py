"""Random networks of one operator with state."""

import numpy as np

from tests.unit.compiler.operator_models import OperatorModels
from tests.unit.compiler.tflite_builder import TfliteBuilder


def svdf(models: OperatorModels, state: str = "") -> bytes:
    """SVDF of one or more samples, with a state of int8 or int16."""
    state = state or ("int8", "int16")[models.integer(0, 1)]
    batches, inputs, memory = models.integer(1, 3), models.integer(1, 40), models.integer(1, 10)
    rank, units = models.integer(1, 3), models.integer(1, 9)
    builder = TfliteBuilder()
    x = builder.tensor((batches, inputs), scale=models.scale(), zero_point=models.zero_point())
    return builder.build([x], [add_svdf(models, builder, x, units, rank, memory, state)])


def add_svdf(
    models: OperatorModels, builder: TfliteBuilder, x: int, units: int, rank: int, memory: int, state: str
) -> int:
    """Add an SVDF over the tensor `x` of [batches, inputs]."""
    source, filters = builder.tensors[x], rank * units
    batches, inputs = source.shape.tolist()
    # States and outputs that fill their ranges, sums that stay within 32 bits.
    state_values, time_limit = (50, 127) if state == "int8" else (12000, 1000)
    feature_scale, time_scale = models.scale(0.001, 0.01), models.scale(0.0001, 0.001)
    reach = float(source.quantization.scale[0]) * feature_scale * inputs**0.5 * 7300
    state_scale = _single(reach / state_values * models.scale(0.5, 2.0))
    sums = (rank * memory) ** 0.5 * state_values * time_limit * 0.57
    target_scale = _single(state_scale * time_scale * sums / 60 * models.scale(0.5, 2.0))
    features = builder.tensor((filters, inputs), scale=feature_scale, data=models.weights((filters, inputs)))
    times = models.integers((filters, memory), time_limit)
    t = builder.tensor(times.shape, state, scale=time_scale, data=times)
    bias = models.integers((units,), int(sums / 4))
    b = builder.tensor((units,), "int32", scale=_single(state_scale * time_scale), data=bias)
    zero_point = models.integer(-20, 20) if state == "int8" else 0
    kept = builder.variable((batches, filters * memory), state, scale=state_scale, zero_point=zero_point)
    y = builder.tensor((batches, units), scale=target_scale, zero_point=models.integer(-60, 60))
    builder.operator("SVDF", [x, features, t, b, kept], [y], "SVDFOptions", rank=rank)
    return y


def keyword_svdf(seed: int) -> bytes:
    """Two layers of SVDF over one frame of a stream, then classified. The shapes are the same for every seed."""
    models, builder = OperatorModels(seed), TfliteBuilder()
    x = builder.tensor((1, 40), scale=models.scale(), zero_point=models.zero_point())
    first = add_svdf(models, builder, x, units=22, rank=1, memory=8, state="int16")
    second = add_svdf(models, builder, first, units=13, rank=2, memory=5, state="int8")
    return builder.build([x], [_classified(models, builder, second, 4)])


def _classified(models: OperatorModels, builder: TfliteBuilder, x: int, classes: int) -> int:
    source = builder.tensors[x]
    depth, scale = int(source.shape[1]), float(source.quantization.scale[0])
    values = models.weights((classes, depth))
    w = builder.tensor(values.shape, scale=0.005, data=values)
    full = _single(scale * 0.005 * 73 * depth**0.5)
    scores = builder.tensor((1, classes), scale=full, zero_point=models.integer(-9, 9))
    builder.operator("FULLY_CONNECTED", [x, w, -1], [scores], "FullyConnectedOptions")
    y = builder.tensor((1, classes), scale=1 / 256, zero_point=-128)
    builder.operator("SOFTMAX", [scores], [y], "SoftmaxOptions", beta=1.0)
    return y


def _single(value: float) -> float:
    return float(np.float32(value))
