"""What a sweep refuses before anything is started."""

from dataclasses import replace

import pytest

from orchestrator.domain.budget import Budget, Quantity
from orchestrator.domain.errors import InputError
from orchestrator.domain.experiment import Target
from orchestrator.lab.health import Health
from orchestrator.lab.meters import check_meters
from orchestrator.lab.unit_status import UnitStatus
from orchestrator.sweep import check_experiment
from tests.records import EXPERIMENT

ENERGY_TARGET = (Target("nucleo_l476rg", (Budget(Quantity.ENERGY, 0.001),)),)


def unit(name: str, board: str, has_meter: bool) -> UnitStatus:
    return UnitStatus(name, board, Health.HEALTHY, has_meter=has_meter)


def test_energy_is_measured_by_a_lab_whose_every_unit_of_the_type_has_a_meter() -> None:
    experiment = replace(EXPERIMENT, targets=ENERGY_TARGET)
    metered, other = unit("a/1", "nucleo_l476rg", True), unit("a/2", "nucleo_l4r5zi", False)
    check_meters(experiment, [metered, other])
    check_meters(EXPERIMENT, [])
    with pytest.raises(InputError, match=r"budgets\.energy: a/3 \(nucleo_l476rg\) have no energy meter"):
        check_meters(experiment, [metered, other, unit("a/3", "nucleo_l476rg", False)])
    with pytest.raises(InputError, match="the virtual boards that this sweep would start"):
        check_meters(experiment, [other])


def test_an_energy_budget_without_a_meter_is_refused_at_the_start() -> None:
    with pytest.raises(InputError, match=r"budgets\.energy: .* no energy meter"):
        check_experiment(replace(EXPERIMENT, targets=ENERGY_TARGET))


def test_a_search_that_needs_descriptions_refuses_a_space_without_them(monkeypatch: pytest.MonkeyPatch) -> None:
    needing = [
        replace(EXPERIMENT, search=replace(EXPERIMENT.search, algorithm="greybox")),
        replace(EXPERIMENT, search=replace(EXPERIMENT.search, filter="greybox")),
    ]
    for experiment in needing:
        check_experiment(experiment)
    monkeypatch.delattr("search_spaces.digits.describe")
    check_experiment(EXPERIMENT)
    for experiment in needing:
        with pytest.raises(InputError, match=r"'search_spaces\.digits' lacks the function 'describe', which greybox"):
            check_experiment(experiment)
