from functools import partial
from statistics import mean
from typing import Any

import numpy as np
import pytest
from hyperopt import rand, tpe
from hyperopt.base import JOB_STATE_DONE, Domain

from orchestrator.search import constrained_tpe
from orchestrator.search.dimensions import dimensions_of
from orchestrator.search.history import History
from orchestrator.search.pairs import constraint_pairs, objective_pair
from orchestrator.search.points import PointSpace
from orchestrator.search.suggesting import random_point
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


FAILED = {"status": "fail", "constraints": {"ram": 1.0}}


def test_trainings_are_counted_by_architecture() -> None:
    history = history_of(*[ok(0.1)] * 13, FAILED, None)
    points = [history.space.read({"size": [size], "shape": [0], "rate": [2]}) for size in (0, 1, 2)]
    assert [int(history.trainings_of(point)[0]) for point in points] == [2, 1, 1]


def test_what_ended_untrained_is_counted_from_the_last_training_on_in_whatever_order_it_ended() -> None:
    assert history_of(FAILED, ok(0.1), FAILED, None, FAILED).measured_since_trained == 2
    history = history_of(ok(0.1), None, FAILED)
    assert history.measured_since_trained == 1
    history.update([{"tid": 1, "state": JOB_STATE_DONE, "result": ok(0.2)}])
    assert history.measured_since_trained == 1


def random_draws(*results: dict[str, Any]) -> float:
    """Give the share of suggestions that are what a draw from the prior gives."""
    history, same = history_of(*results), []
    for seed in range(40):
        suggested = constrained_tpe.suggest_point(history, np.random.default_rng(seed), startup=5)
        rng = np.random.default_rng(seed)
        rng.random()  # has said whether this one is drawn in any case
        drawn = random_point(history, rng)
        assert suggested is not None and drawn is not None
        same.append(suggested.values.tobytes() == drawn.values.tobytes())
    return sum(same) / len(same)


def test_every_fifth_training_is_that_of_a_random_draw_unless_too_few_fit() -> None:
    trained = [ok(0.1 if number % 2 else 0.5, ram=-0.1) for number in range(9)]
    assert random_draws(*trained) == 1.0
    assert random_draws(*trained, FAILED) == 1.0
    assert random_draws(*trained, *[FAILED] * constrained_tpe.MOST_DRAWS) < 0.5
    assert random_draws(*trained, ok(0.2, ram=-0.1)) < 0.5
