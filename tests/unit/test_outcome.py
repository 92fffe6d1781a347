import pytest

from orchestrator.domain.budget import Bound, Budget, Quantity, margins_of
from orchestrator.domain.deployability import Deployability, Fit, Shortage
from orchestrator.domain.errors import DeviceSilentError, MeterError
from orchestrator.domain.outcome import Outcome, Status
from tests.records import ENERGY, MEASUREMENT, UNLINKED, held, measured, over_budget


def test_over_budget_names_the_broken_budget_and_by_how_much() -> None:
    outcome = over_budget(cycles=1_200_000).outcome
    assert outcome.broken == (Quantity.LATENCY,)
    assert "latency 15.00 ms of 10.00 ms (+50%)" in outcome.reason
    assert abs(outcome.violation - 0.5) < 1e-9


def test_an_image_that_does_not_link_says_how_many_bytes_are_missing() -> None:
    outcome = UNLINKED
    assert outcome.status is Status.INFEASIBLE
    assert "5120 bytes too many for SRAM1" in outcome.reason


def test_a_failure_keeps_its_cause_and_teaches_nothing() -> None:
    outcome = Outcome.failed(DeviceSilentError("no reply"))
    assert outcome.cause == "silent"
    assert not outcome.status.teaches
    assert all(status.teaches for status in Status if status is not Status.FAILED)


def test_energy_is_held_against_its_budget() -> None:
    (margin,) = margins_of((Budget(Quantity.ENERGY, 0.0002),), measured(energy=ENERGY))
    assert str(margin) == "energy 0.300 mJ of 0.200 mJ (+50%)"


def test_energy_that_was_not_measured_is_no_energy_of_zero() -> None:
    with pytest.raises(MeterError, match=MEASUREMENT.device):
        margins_of((Budget(Quantity.ENERGY, 0.0002),), MEASUREMENT)


def test_a_lower_limit_is_broken_from_below() -> None:
    budgets = (Budget(Quantity.LATENCY, 0.02), Budget(Quantity.LATENCY, 0.01, Bound.AT_LEAST))
    too_quick = margins_of(budgets, measured(cycles=400_000))
    assert [(each.name, each.fits, each.violation) for each in too_quick] == [
        ("latency", True, pytest.approx(-0.75)),
        ("latency_at_least", False, pytest.approx(0.5)),
    ]
    assert Deployability(Fit.ALL, too_quick).reason() == "under budget: latency 5.00 ms of at least 10.00 ms (-50%)"
    assert all(each.fits for each in margins_of(budgets, measured(cycles=800_000)))
    assert str(budgets[1]) == "at least 10.00 ms"


def test_of_several_boards_all_count_or_the_nearest() -> None:
    near, far = measured(board="near", cycles=1_000_000), measured(board="far", cycles=1_600_000)
    assert held(near, far).violation == pytest.approx(0.25 + 1.0)
    assert held(near, far, fit=Fit.ANY).violation == pytest.approx(0.25)
    assert not held(near, far, fit=Fit.ANY).fits
    fitting = measured(board="fitting")
    assert held(fitting, far, fit=Fit.ANY).boards == ("fitting",)
    assert held(fitting, far, fit=Fit.ANY).fits
    assert not held(fitting, far).fits


def test_the_reason_names_the_board_where_there_are_several() -> None:
    found = Deployability(Fit.ALL, held(measured(cycles=1_000_000)).margins, (Shortage("small", "SRAM", 9),))
    assert found.reason() == (
        "nucleo_l476rg over budget: latency 12.50 ms of 10.00 ms (+25%); "
        "small does not link into the board's memories: 9 bytes too many for SRAM"
    )
