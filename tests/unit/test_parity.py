"""Comparison of runs, and the inputs it is made on."""

import numpy as np
import pytest

from orchestrator.domain.errors import UnsupportedModelError
from orchestrator.domain.model import TensorSpec
from orchestrator.parity.compare import ParityReport, compare_outputs, random_inputs
from orchestrator.parity.tflm import run_tflm
from tests.unit.compiler.graph_models import GraphSketch

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
    sketch = GraphSketch(1)
    x = sketch.tensor((1, 4))
    tflite = sketch.builder.build([x], [sketch.add("TILE", [x, sketch.numbers([2, 1])], (2, 4), "TileOptions")])
    with pytest.raises(UnsupportedModelError, match=r"does not run the model: .*TILE") as caught:
        run_tflm(tflite, [np.zeros((1, 1, 4), np.int8)])
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_runs_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="equal shapes"):
        compare_outputs((np.zeros((1, 2), np.int8),), (np.zeros((1, 3), np.int8),))


def test_random_inputs_cover_the_whole_range_and_repeat_with_the_seed() -> None:
    (first,), (again,) = random_inputs((SPEC,), 4, seed=1), random_inputs((SPEC,), 4, seed=1)
    np.testing.assert_array_equal(first, again)
    assert first.shape == (4, 1, 500)
    assert (first.min(), first.max()) == (-128, 127)
