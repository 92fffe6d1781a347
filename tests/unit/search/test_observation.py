import pytest

from orchestrator.config.json_records import record_from_json, record_to_json
from orchestrator.domain.budget import Bound, Budget, Quantity, margins_of
from orchestrator.domain.candidate import CandidateRecord
from orchestrator.domain.deployability import Deployability, Fit, Shortage
from orchestrator.domain.errors import ToolchainError
from orchestrator.domain.outcome import Outcome
from orchestrator.search.loss import penalised_loss
from orchestrator.search.observation import ONLY_LIMITS, Observation, observation_of
from tests.records import ENERGY, EPOCHS, MEASUREMENT, UNLINKED, deployable, ended, held, measured, over_budget

LIMITS = {Bound.AT_MOST: 2.0, Bound.AT_LEAST: 1.25}


def observed(record, fit: Fit = Fit.ALL) -> Observation:  # type: ignore[no-untyped-def]
    observation = observation_of(record, fit)
    assert observation is not None
    return observation


def test_a_deployable_network_scores_its_int8_error_rate_and_holds_every_constraint() -> None:
    observation = observed(deployable(accuracy=0.75))
    assert (observation.loss, observation.stopped, observation.fits) == (0.25, False, True)
    assert set(observation.violations) == {"network", "memories", "ram", "flash", "latency"}
    assert observation.epoch_losses == pytest.approx([1.0 - epoch.val_accuracy for epoch in EPOCHS])
    assert penalised_loss(observation) == 0.25


def test_an_infeasible_one_has_no_loss_and_its_violation() -> None:
    observation = observed(over_budget(cycles=1_600_000))
    assert observation.loss is None
    assert observation.violations["latency"] == pytest.approx(1.0)
    assert observation.violations["ram"] < 0.0


def test_every_deployable_network_is_better_than_every_infeasible_one() -> None:
    slightly = penalised_loss(observed(over_budget(cycles=800_001)))
    assert penalised_loss(observed(deployable(accuracy=0.0))) == 1.0 < slightly


def test_a_larger_violation_is_worse_but_better_than_not_linking_and_that_better_than_no_network() -> None:
    records = [
        over_budget(cycles=1_000_000),
        over_budget(cycles=9_000_000),
        ended(UNLINKED),
        ended(Outcome.invalid("no network")),
    ]
    losses = [penalised_loss(observed(record)) for record in records]
    assert losses == sorted(losses)
    assert len(set(losses)) == 4


def test_an_infrastructure_failure_is_never_an_observation() -> None:
    assert observation_of(ended(Outcome.failed(ToolchainError("crash")))) is None


def test_a_stopped_training_scores_what_it_had_reached_and_a_diverged_one_nothing() -> None:
    stopped = observed(ended(Outcome.stopped(3, held(MEASUREMENT)), epochs=EPOCHS))
    diverged = observed(ended(Outcome.diverged("loss is nan", held(MEASUREMENT)), epochs=EPOCHS))
    assert (stopped.loss, stopped.stopped) == (1.0 - EPOCHS[-1].val_accuracy, True)
    assert (diverged.loss, diverged.stopped) == (1.0, False)


def test_what_does_not_link_says_by_how_much_and_nothing_of_budgets() -> None:
    assert observed(ended(UNLINKED)).violations == {"network": 0.0, "memories": 5.0}


def test_of_several_boards_the_worst_counts_or_the_nearest_where_any_will_do() -> None:
    slow, quick = measured(board="slow", cycles=1_600_000), measured(board="quick", cycles=400_000)
    both = held(slow, quick)
    record = ended(Outcome.infeasible(both))
    assert observed(record, Fit.ALL).violations["latency"] == pytest.approx(1.0)
    assert observed(record, Fit.ANY).violations["latency"] == pytest.approx(-0.5)


def test_a_board_too_small_does_not_count_where_another_will_do() -> None:
    found = Deployability(Fit.ANY, held(MEASUREMENT).margins, (Shortage("tiny", "SRAM1", 5120),))
    record = ended(Outcome.stopped(1, found), epochs=EPOCHS[:1])
    assert observed(record, Fit.ANY).violations["memories"] == 0.0
    assert observed(record, Fit.ALL).violations["memories"] == 5.0


def test_what_stands_behind_the_violations_is_told_for_each_board() -> None:
    observation = observed(over_budget(cycles=1_600_000))
    (costs,) = observation.costs
    assert costs.board == MEASUREMENT.board
    assert costs.shares == pytest.approx({name: 1.0 + observation.violations[name] for name in costs.shares})
    assert set(costs.shares) == {"ram", "flash", "latency"}
    assert costs.layers == (("CONV_2D", 390_000),)
    assert observed(ended(UNLINKED)).costs == ()


def test_upper_and_lower_limits_of_every_quantity_are_constraints_of_their_own() -> None:
    run = measured(cycles=800_000, energy=ENERGY)
    budgets = [Budget(each, each.of(run) * share, bound) for each in Quantity for bound, share in LIMITS.items()]
    record = ended(Outcome.infeasible(Deployability(Fit.ALL, margins_of(budgets, run))))
    told = observed(record_from_json(record_to_json(record), CandidateRecord))
    assert told.violations == {
        "network": 0.0,
        "memories": 0.0,
        **{each.value: pytest.approx(-0.5) for each in Quantity},
        **{f"{each.value}_at_least": pytest.approx(0.2) for each in Quantity},
    }
    assert set(told.violations) - ONLY_LIMITS == {"ram", "flash", "latency", "cycles", "energy"}
