"""Whether the boards of a sweep can measure what has a budget."""

from collections.abc import Sequence

from orchestrator.domain.budget import Quantity
from orchestrator.domain.errors import InputError
from orchestrator.domain.experiment import Experiment
from orchestrator.lab.unit_status import UnitStatus


def check_meters(experiment: Experiment, units: Sequence[UnitStatus]) -> None:
    """Refuse a budget of energy where a unit that may be asked cannot measure it.

    Raises:
        InputError: a unit of a board type with such a budget has no meter, or there is no unit but virtual ones.
    """
    for target in experiment.targets:
        if all(budget.quantity is not Quantity.ENERGY for budget in target.budgets):
            continue
        there = [unit for unit in units if unit.board == target.board]
        without = ", ".join(unit.unit for unit in there if not unit.has_meter)
        if without or not there:
            raise InputError(
                f"budgets.energy: {without or 'the virtual boards that this sweep would start'} "
                f"({target.board}) have no energy meter; drop the budget, or give every {target.board} of the lab a "
                "`meter:` in its hardware map"
            )
