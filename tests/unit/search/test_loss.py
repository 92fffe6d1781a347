from orchestrator.domain.errors import ToolchainError
from orchestrator.domain.outcome import Outcome
from orchestrator.search.loss import loss_of
from tests.records import EPOCHS, MEASUREMENT, UNLINKED, deployable, ended, held, over_budget


def test_a_deployable_network_scores_its_int8_error_rate() -> None:
    assert loss_of(deployable(accuracy=0.75)) == 0.25


def test_every_deployable_network_is_better_than_every_infeasible_one() -> None:
    slightly = loss_of(over_budget(cycles=800_001))
    assert slightly is not None
    assert loss_of(deployable(accuracy=0.0)) == 1.0 < slightly


def test_a_larger_violation_is_worse_but_better_than_not_linking_and_that_better_than_no_network() -> None:
    losses = [
        loss_of(over_budget(cycles=1_000_000)),
        loss_of(over_budget(cycles=9_000_000)),
        loss_of(ended(UNLINKED)),
        loss_of(ended(Outcome.invalid("no network"))),
    ]
    assert losses == sorted(losses)  # type: ignore[type-var]
    assert len(set(losses)) == 4


def test_an_infrastructure_failure_is_never_a_score() -> None:
    assert loss_of(ended(Outcome.failed(ToolchainError("crash")))) is None


def test_a_stopped_training_scores_what_it_had_reached_and_a_diverged_one_nothing() -> None:
    stopped = ended(Outcome.stopped(3, held(MEASUREMENT)), epochs=EPOCHS)
    diverged = ended(Outcome.diverged("loss is nan", held(MEASUREMENT)), epochs=EPOCHS)
    assert loss_of(stopped) == 1.0 - EPOCHS[-1].val_accuracy
    assert loss_of(diverged) == 1.0
