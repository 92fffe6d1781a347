"""What is compared when one network is measured."""

from typing import Any

import numpy as np
import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.errors import ParityError
from orchestrator.domain.parity import NotCompared, ParityReport
from orchestrator.pipeline import measure_model as module
from orchestrator.pipeline.measure_model import ModelReport, measure_model
from tests.unit.compiler.oracle_models import depthwise, repeated_rows
from tests.unit.compiler.test_compile import dense_model


def measured(tflite: bytes) -> ModelReport:
    return measure_model(tflite, load_board_type("nucleo_l476rg"), samples=3, repeats=1, zero_wait_states=True)


def test_a_network_that_tflm_runs_is_compared_with_it() -> None:
    assert measured(dense_model()).parity == ParityReport(3, True, True, 0)


@pytest.mark.parametrize(
    ("tflite", "reason"), [(repeated_rows(), "does not run the model: "), (depthwise(bias=False), "crashed on the")]
)
def test_a_network_that_tflm_does_not_run_is_measured_all_the_same(tflite: bytes, reason: str) -> None:
    report = measured(tflite)
    assert isinstance(report.parity, NotCompared)
    assert reason in report.parity.reason
    assert report.measurement.cycles > 0


@pytest.mark.parametrize("tflite", [dense_model(), repeated_rows()])
def test_a_device_that_computes_something_else_than_the_host_is_an_error(
    tflite: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_bit_wrong(*arguments: Any) -> list[Any]:
        return [output ^ (np.arange(output.size).reshape(output.shape) == 1) for output in outputs_of(*arguments)]

    outputs_of = module.outputs_of
    monkeypatch.setattr(module, "outputs_of", one_bit_wrong)
    with pytest.raises(ParityError, match="host build of the same C"):
        measured(tflite)
