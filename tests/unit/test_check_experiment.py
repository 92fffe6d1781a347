"""What a sweep refuses before anything is started."""

from dataclasses import replace

import pytest

from orchestrator.domain.budget import Budget, Quantity
from orchestrator.domain.errors import InputError
from orchestrator.domain.experiment import Target
from orchestrator.sweep import check_experiment
from tests.records import EXPERIMENT


def test_an_energy_budget_without_a_meter_is_refused_at_the_start() -> None:
    targets = (Target("nucleo_l476rg", (Budget(Quantity.ENERGY, 0.001),)),)
    with pytest.raises(InputError, match=r"budgets\.energy: .* no energy meter"):
        check_experiment(replace(EXPERIMENT, targets=targets))
