"""Ratios of scales are formed in double precision: sums at which any other way gives the neighbouring value."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from orchestrator.compiler import compile_model
from orchestrator.compiler.quantise import Scale, requantise
from orchestrator.parity.tflm import run_tflm
from orchestrator.toolchain.host_model import build_host_model
from tests.unit.compiler.tflite_builder import TfliteBuilder

COUNT = 5


@dataclass(frozen=True)
class Tie:
    """A sum whose product with a * b / c lies at a tie, so near that single precision takes the other side."""

    a: float
    b: float
    c: float
    total: int

    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        """Two int8 vectors `[1, n]` whose product is the total."""
        count = self.total // (127 * 127) + 1
        weights = np.array([127] * count + [1, 1])
        values, left = [], self.total
        for weight in weights:
            values.append(min(127, left // int(weight)))
            left -= values[-1] * int(weight)
        return np.array([values], np.int8), weights[None].astype(np.int8)


def ties(count: int, fixed_c: float | None = None) -> Iterator[Tie]:
    random = np.random.default_rng(5)
    while count:
        a, b = (single(random.uniform(0.03, 0.1) / (256 if fixed_c else 1)) for _ in range(2))
        c = fixed_c or single(a * b * 4000 * random.uniform(0.5, 2.0))
        ways = [Scale.of(a * b / c), Scale.of(single(a * b) / c), Scale.of(single(single(a * b) / c))]
        for half in range(50):
            total = round((half + 0.5) * c / (a * b))
            answers = [requantise(total, way) for way in ways]
            if answers[0] not in answers[1:] and count:
                count -= 1
                yield Tie(a, b, c, total)
                break


def single(value: float) -> float:
    return float(np.float32(value))


def matrices(tie: Tie) -> tuple[bytes, list[np.ndarray]]:
    values, weights = tie.factors()
    builder = TfliteBuilder()
    x, w = builder.tensor(values.shape, scale=tie.a), builder.tensor(weights.shape, scale=tie.b)
    y = builder.tensor((1, 1), scale=tie.c)
    builder.operator("BATCH_MATMUL", [x, w], [y], "BatchMatMulOptions", adjX=False, adjY=True)
    return builder.build([x, w], [y]), [values, weights]


def dense(tie: Tie) -> tuple[bytes, list[np.ndarray]]:
    values, weights = tie.factors()
    builder = TfliteBuilder()
    x, w = builder.tensor(values.shape, scale=tie.a), builder.tensor(weights.shape, scale=tie.b, data=weights)
    y = builder.tensor((1, 1), scale=tie.c)
    builder.operator("FULLY_CONNECTED", [x, w, -1], [y], "FullyConnectedOptions")
    return builder.build([x], [y]), [values]


def features(tie: Tie) -> tuple[bytes, list[np.ndarray]]:
    """SVDF whose output is its state."""
    values, weights = tie.factors()
    builder = TfliteBuilder()
    x, w = builder.tensor(values.shape, scale=tie.a), builder.tensor(weights.shape, scale=tie.b, data=weights)
    return _svdf(builder, x, w, bias=0, time_scale=0.01, state_scale=tie.c, target_scale=single(tie.c * 0.01)), [values]


def times(tie: Tie) -> tuple[bytes, list[np.ndarray]]:
    """SVDF whose output is its bias."""
    zero = np.zeros((1, 1), np.int8)
    builder = TfliteBuilder()
    x, w = builder.tensor((1, 1), scale=0.01), builder.tensor((1, 1), scale=0.01, data=zero)
    return _svdf(builder, x, w, tie.total, time_scale=tie.b, state_scale=tie.a, target_scale=tie.c), [zero]


def _svdf(
    builder: TfliteBuilder, x: int, w: int, bias: int, time_scale: float, state_scale: float, target_scale: float
) -> bytes:
    t = builder.tensor((1, 1), "int16", scale=time_scale, data=np.ones((1, 1)))
    b = builder.tensor((1,), "int32", scale=single(state_scale * time_scale), data=np.array([bias]))
    state = builder.variable((1, 1), "int16", state_scale)
    y = builder.tensor((1, 1), scale=target_scale)
    builder.operator("SVDF", [x, w, t, b, state], [y], "SVDFOptions", rank=1)
    return builder.build([x], [y])


@pytest.mark.parametrize("network", [matrices, dense, features, times])
def test_a_sum_at_a_tie_goes_where_the_reference_interpreter_sends_it(network: object, tmp_path: Path) -> None:
    for tie in ties(COUNT):
        tflite, inputs = network(tie)  # type: ignore[operator]
        samples = [values[None] for values in inputs]
        (ours,) = build_host_model(compile_model(tflite), tmp_path).run(samples)
        assert ours == run_tflm(tflite, samples)[0], tie


@pytest.mark.parametrize(("ratio", "is_plain"), [(0.26, False), (0.49, False), (0.51, True)])
def test_large_factors_are_exact_whichever_kernel_takes_them(ratio: float, is_plain: bool, tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    builder = TfliteBuilder()
    x, w = builder.tensor((1, 9), scale=ratio), builder.tensor((5, 9), scale=1.0, data=random.integers(-2, 3, (5, 9)))
    y = builder.tensor((1, 5), scale=1.0, zero_point=-3)
    builder.operator("FULLY_CONNECTED", [x, w, -1], [y], "FullyConnectedOptions")
    compiled = compile_model(tflite := builder.build([x], [y]))
    samples = [random.integers(-20, 20, (64, 1, 9)).astype(np.int8)]
    assert ("plain" in compiled.c_source) == is_plain
    (ours,) = build_host_model(compiled, tmp_path).run(samples)
    assert np.array_equal(ours, run_tflm(tflite, samples)[0])


def test_a_gate_at_a_tie_goes_where_the_reference_interpreter_sends_it(tmp_path: Path) -> None:
    """Of the cell gate's bias only; the other gates are open, so that the output tells twice the gate's value."""
    for tie in ties(COUNT, fixed_c=2.0**-12):
        tflite = _lstm(tie)
        samples = [np.zeros((1, 1, 1, 1), np.int8)]
        (ours,) = build_host_model(compile_model(tflite), tmp_path).run(samples)
        assert ours == run_tflm(tflite, samples)[0], tie


def _lstm(tie: Tie) -> bytes:
    builder = TfliteBuilder()
    x = builder.tensor((1, 1, 1), scale=tie.a)
    weights = [builder.tensor((1, 1), scale=tie.b, data=np.zeros((1, 1))) for _ in range(8)]
    opened = int(8 / (tie.a * tie.b))
    biases = [
        builder.tensor((1,), "int32", scale=single(tie.a * tie.b), data=np.array([value]))
        for value in (opened, opened, tie.total, opened)
    ]
    hidden = builder.variable((1, 1), "int8", 2.0**-13)
    cell = builder.variable((1, 1), "int16", 2.0**-15)
    y = builder.tensor((1, 1, 1), scale=2.0**-13)
    read = [x, *weights, -1, -1, -1, *biases, -1, -1, hidden, cell, -1, -1, -1, -1]
    builder.operator(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", read, [y], "UnidirectionalSequenceLSTMOptions", fusedActivationFunction=4
    )
    return builder.build([x], [y])
