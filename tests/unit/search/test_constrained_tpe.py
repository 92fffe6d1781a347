from functools import partial
from statistics import mean
from typing import Any

import pytest
from hyperopt import rand, tpe
from hyperopt.base import JOB_STATE_DONE, Domain

from orchestrator.search import constrained_tpe
from orchestrator.search.dimensions import dimensions_of
from orchestrator.search.history import History
from orchestrator.search.pairs import constraint_pairs, objective_pair
from orchestrator.search.points import PointSpace
from tests.unit.search.constrained_problem import TRAINING_LABELS, best_after
from tests.unit.search.test_suggesting import SPACE, evaluate


def history_of(*results: dict[str, Any] | None) -> History:
    """Points of sizes 0, 1, 2, ...; None: under way."""
    history = History(PointSpace(dimensions_of(Domain(evaluate, SPACE).expr)), frozenset({"rate"}))
    history.update(
        {
            "tid": number,
            "state": 0 if result is None else JOB_STATE_DONE,
            "result": result,
            "misc": {"vals": {"size": [number % 12], "shape": [0], "rate": [number // 12]}},
        }
        for number, result in enumerate(results)
    )
    return history


def ok(
    loss: float, epoch_losses: tuple[float, ...] = (), stopped: bool = False, **constraints: float
) -> dict[str, Any]:
    return {
        "status": "ok", "loss": loss, "epoch_losses": epoch_losses, "stopped": stopped, "constraints": constraints
    }  # fmt: skip


def test_open_points_count_as_bad_and_untrained_ones_not_at_all() -> None:
    pair = objective_pair(history_of(ok(0.5), None, {"status": "fail", "constraints": {"ram": 1.0}}, ok(0.3)))
    assert (pair.good.tolist(), pair.bad.tolist()) == ([3], [0, 1])


def test_a_training_without_a_number_is_the_worst() -> None:
    assert objective_pair(history_of(ok(float("nan")), ok(0.9))).good.tolist() == [1]


def test_a_stopped_training_is_compared_at_equal_epochs() -> None:
    """Completed ones gained 0.3 after the first epoch: 0.5 there promises 0.2, and 0.7 does not."""
    completed = [ok(0.3, (0.6, 0.4, 0.3)), ok(0.25, (0.55, 0.5, 0.25)), ok(0.4, (0.7, 0.5, 0.4))]
    assert history_of(*completed, ok(0.7, (0.7,), stopped=True)).losses.tolist() == pytest.approx([0.3, 0.25, 0.4, 0.4])
    assert objective_pair(history_of(*completed, ok(0.7, (0.7,), stopped=True))).good.tolist() == [1]
    assert objective_pair(history_of(*completed, ok(0.5, (0.5,), stopped=True))).good.tolist() == [3]


def test_a_constraint_splits_what_was_measured_of_it() -> None:
    history = history_of(ok(0.1, ram=-0.5), ok(0.2, ram=0.0, flash=0.1), ok(0.3, ram=0.4, flash=-0.1), None)
    flash, ram = constraint_pairs(history)
    assert (flash.good.tolist(), flash.bad.tolist()) == ([2], [1])
    assert (ram.good.tolist(), ram.bad.tolist()) == ([0, 1], [2])


def test_the_least_violating_are_good_where_none_holds_a_constraint() -> None:
    results = [{"status": "fail", "constraints": {"ram": violation}} for violation in (0.9, 0.2, 0.5, 0.7)]
    (pair,) = constraint_pairs(history_of(*results))
    assert (pair.good.tolist(), sorted(pair.bad.tolist())) == ([1], [0, 2, 3])


def test_an_architecture_counts_once_for_its_constraints() -> None:
    history = history_of(*[ok(0.1, ram=-0.5)] * 12, ok(0.2, ram=-0.5), {"status": "fail", "constraints": {"ram": 1.0}})
    (pair,) = constraint_pairs(history)
    assert pair.good.tolist() == list(range(12))


def test_it_finds_better_networks_than_a_penalty_or_chance_at_equal_trainings() -> None:
    seeds, trainings = range(20), 20
    penalty = partial(tpe.suggest, n_startup_jobs=constrained_tpe.STARTUP, verbose=False)
    constrained = partial(constrained_tpe.suggest, training_labels=TRAINING_LABELS)
    by_constraints = mean(best_after(constrained, trainings, seed, penalised=False) for seed in seeds)
    by_penalty = mean(best_after(penalty, trainings, seed, penalised=True) for seed in seeds)
    by_chance = mean(best_after(rand.suggest, trainings, seed, penalised=True) for seed in seeds)
    assert by_constraints < 0.95 * min(by_penalty, by_chance)
