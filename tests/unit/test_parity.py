"""Comparison of runs, and the inputs it is made on."""

import re

import numpy as np
import pytest

from orchestrator.domain.errors import UnsupportedModelError
from orchestrator.domain.model import TensorSpec
from orchestrator.domain.parity import NotCompared, ParityReport
from orchestrator.parity.compare import compare_outputs, random_inputs
from orchestrator.parity.tflm import compare_with_tflm, run_tflm
from tests.unit.compiler.oracle_models import depthwise, repeated_rows
from tests.unit.compiler.test_compile import dense_model

SPEC = TensorSpec("x", (1, 500), "int8", 0.1, 3)


def test_equal_runs_are_exact() -> None:
    run = (np.arange(6, dtype=np.int8).reshape(3, 2),)
    assert compare_outputs(run, run) == ParityReport(samples=3, exact=True, within_1_lsb=True, worst_lsb=0)


@pytest.mark.parametrize(("distance", "within"), [(1, True), (2, False), (255, False)])
def test_the_worst_difference_is_reported(distance: int, within: bool) -> None:
    ours = np.array([[-128, 5]], np.int8)
    theirs = np.array([[-128 + distance, 5]], np.int16).astype(np.int8)
    assert compare_outputs((ours,), (theirs,)) == ParityReport(1, False, within, distance)


@pytest.mark.parametrize(("first", "distance"), [(0.25, 1), (-0.25, 1), (0.0, 1), (-0.0, 1)])
def test_real_numbers_are_compared_by_what_lies_between_them(first: float, distance: int) -> None:
    ours = np.array([[first]], np.float32)
    theirs = np.nextafter(ours, np.float32(1.0))
    assert compare_outputs((ours,), (theirs,)).worst_lsb == distance
    assert compare_outputs((ours,), (np.array([[-0.5]], np.float32),)).worst_lsb > 1


def test_neighbouring_floats_are_one_step_apart() -> None:
    ours = np.array([[0.25, -1.0, 0.0]], np.float32)
    theirs = np.array([[np.nextafter(np.float32(0.25), np.float32(1)), -1.0, -0.0]], np.float32)
    assert compare_outputs((ours,), (theirs,)) == ParityReport(1, False, within_1_lsb=True, worst_lsb=1)


def test_the_oracle_says_why_it_refuses_and_nothing_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnsupportedModelError, match=r"does not run the model: .*TILE") as caught:
        run_tflm(repeated_rows(), [np.zeros((1, 1, 4), np.int8)])
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_outputs_are_compared_with_the_oracle_s() -> None:
    inputs = [np.arange(16, dtype=np.int8).reshape(2, 1, 8)]
    (expected,) = run_tflm(dense_model(), inputs)
    assert compare_with_tflm([expected], dense_model(), inputs) == ParityReport(2, True, True, 0)
    changed = np.where(expected > 0, expected - 3, expected + 3)
    assert compare_with_tflm([changed], dense_model(), inputs) == ParityReport(2, False, False, 3)


@pytest.mark.parametrize(
    ("tflite", "shape", "reason"),
    [
        (repeated_rows(), (2, 4), r"^TensorFlow Lite Micro does not run the model: .*TILE.*"),
        (depthwise(bias=False), (1, 4, 5, 3), r"^TensorFlow Lite Micro crashed on the model \(signal 11\)$"),
    ],
)
def test_without_the_oracle_nothing_is_compared_and_the_reason_is_one_line(
    tflite: bytes, shape: tuple[int, ...], reason: str
) -> None:
    inputs = [np.zeros((1, *((1, 4) if len(shape) == 2 else shape)), np.int8)]
    found = compare_with_tflm([np.zeros((1, *shape), np.int8)], tflite, inputs)
    assert isinstance(found, NotCompared)
    assert re.fullmatch(reason, found.reason)


def test_runs_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="equal shapes"):
        compare_outputs((np.zeros((1, 2), np.int8),), (np.zeros((1, 3), np.int8),))


def test_random_inputs_cover_the_whole_range_and_repeat_with_the_seed() -> None:
    (first,), (again,) = random_inputs((SPEC,), 4, seed=1), random_inputs((SPEC,), 4, seed=1)
    np.testing.assert_array_equal(first, again)
    assert first.shape == (4, 1, 500)
    assert (first.min(), first.max()) == (-128, 127)
