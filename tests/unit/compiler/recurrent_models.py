"""Random networks of one operator with state."""

import numpy as np

from tests.unit.compiler.operator_models import OperatorModels
from tests.unit.compiler.tflite_builder import TfliteBuilder

TANH = 4


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


def lstm(models: OperatorModels) -> bytes:
    """UNIDIRECTIONAL_SEQUENCE_LSTM, the batch or the time first."""
    batches, steps, inputs, units = (models.integer(1, most) for most in (3, 6, 20, 11))
    time_major = bool(models.integer(0, 1))
    builder = TfliteBuilder()
    leading = (steps, batches) if time_major else (batches, steps)
    x = builder.tensor((*leading, inputs), scale=models.scale(0.01, 0.05), zero_point=models.zero_point())
    y = add_lstm(models, builder, x, (*leading, units), time_major)
    return builder.build([x], [y])


def add_lstm(
    models: OperatorModels, builder: TfliteBuilder, x: int, target: tuple[int, ...], time_major: bool = False
) -> int:
    """Add an LSTM of these outputs `[.., .., units]` over the tensor `x`, with or without a clip of its cells."""
    source, units = builder.tensors[x], target[2]
    inputs, batches = int(source.shape[2]), target[1] if time_major else target[0]
    hidden_scale, hidden_zero_point = models.scale(0.002, 0.01), models.integer(-40, 40)
    gates = []
    for depth, scale in ((inputs, float(source.quantization.scale[0])), (units, hidden_scale)):
        # Gates whose inputs reach into the flat ends of the sigmoid, and some that stay in its middle.
        reach = models.scale(0.5, 4.0) / (scale * 73 * 73 * depth**0.5)
        for _ in range(4):
            values = models.weights((units, depth))
            gates.append(builder.tensor(values.shape, scale=_single(reach * models.scale(0.7, 1.4)), data=values))
    biases = []
    for gate in range(4):
        scale = _single(float(source.quantization.scale[0]) * float(builder.tensors[gates[gate]].quantization.scale[0]))
        biases.append(builder.tensor((units,), "int32", scale=scale, data=models.integers((units,), int(1.5 / scale))))
    hidden = builder.variable((batches, units), "int8", hidden_scale, hidden_zero_point)
    cell = builder.variable((batches, units), "int16", 2.0 ** -models.integer(9, 15))
    y = builder.tensor(target, scale=hidden_scale, zero_point=hidden_zero_point)
    clip = (0.0, 10.0, models.scale(0.1, 0.8))[models.integer(0, 2)]
    inputs_of = [x, *gates, -1, -1, -1, *biases, -1, -1, hidden, cell, -1, -1, -1, -1]
    builder.operator(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", inputs_of, [y], "UnidirectionalSequenceLSTMOptions",
        fusedActivationFunction=TANH, cellClip=clip, timeMajor=time_major,
    )  # fmt: skip
    return y


def keyword_lstm(seed: int) -> bytes:
    """Two layers of LSTM over twenty frames, the last step classified. The shapes are the same for every seed."""
    models, builder = OperatorModels(seed), TfliteBuilder()
    x = builder.tensor((1, 20, 10), scale=models.scale(0.01, 0.05), zero_point=models.zero_point())
    steps = add_lstm(models, builder, add_lstm(models, builder, x, (1, 20, 18)), (1, 20, 14))
    bounds = [builder.tensor((3,), "int32", data=np.array(values)) for values in ([0, -1, 0], [0, 0, 0], [1, 1, 1])]
    scale = builder.tensors[steps].quantization
    last = builder.tensor((1, 14), scale=float(scale.scale[0]), zero_point=int(scale.zeroPoint[0]))
    builder.operator(
        "STRIDED_SLICE", [steps, *bounds], [last], "StridedSliceOptions", beginMask=5, endMask=5, shrinkAxisMask=2
    )
    return builder.build([x], [_classified(models, builder, last, 12)])


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
