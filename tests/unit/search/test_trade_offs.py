from functools import cache
from statistics import mean
from typing import Any

import hyperopt
import numpy as np
import pytest
from hyperopt import hp
from hyperopt.base import Domain

from orchestrator.search import nsga2
from orchestrator.search.dimensions import dimensions_of
from orchestrator.search.history import History
from orchestrator.search.objectives import objectives_of, total_violations
from orchestrator.search.points import PointSpace
from orchestrator.search.scalarised_tpe import scalarised
from tests.unit.search.trade_off_problem import ALGORITHMS, BEST, hypervolumes_after

SPACE = {
    "width": hp.choice("width", list(range(9))),
    "head": hp.choice("head", ["none", {"units": hp.choice("units", [8, 16, 32])}]),
    "rate": hp.uniform("rate", 0, 1),
}


def trained(loss: float, **violations: float) -> dict[str, Any]:
    return {"status": "ok", "loss": loss, "constraints": violations}


def broken(**violations: float) -> dict[str, Any]:
    return {"status": "fail", "constraints": violations}


def told(*results: dict[str, Any]) -> hyperopt.Trials:
    """Points of widths 0, 1, 2, ..., one result each."""
    trials, documents = hyperopt.Trials(), []
    for number, result in enumerate(results):
        values = {"width": [number % 9], "head": [0], "units": [], "rate": [0.5 + number / 100]}
        misc = {"tid": number, "idxs": {key: [number] * len(each) for key, each in values.items()}, "vals": values}
        documents += trials.new_trial_docs([number], [None], [result], [misc | {"cmd": None, "workdir": None}])
        documents[-1]["state"] = hyperopt.JOB_STATE_DONE
    trials.insert_trial_docs(documents)
    trials.refresh()
    return trials


def history_of(*results: dict[str, Any]) -> History:
    history = History(PointSpace(dimensions_of(Domain(lambda point: 0.0, SPACE).expr)), frozenset({"rate"}))
    history.update(told(*results).trials)
    return history


def parents(*results: dict[str, Any], size: int, limits_count: bool = True) -> list[int]:
    return nsga2._parents(history_of(*results), size, frozenset({"memories"}), limits_count).tolist()


def test_objectives_are_the_loss_and_what_has_a_budget_of_what_was_trained() -> None:
    history = history_of(
        trained(0.3, ram=-0.5, memories=0.0),
        broken(ram=0.5, memories=0.0),
        trained(float("nan"), ram=-0.1, memories=0.0),
    )
    objectives = objectives_of(history, frozenset({"memories"}))
    assert objectives.rows.tolist() == [0, 2]
    assert objectives.values.tolist() == [[0.3, -0.5], [0.3, -0.1]]
    assert total_violations(history_of(broken(ram=0.5, flash=0.25), trained(0.1), {"status": "fail"}))[:2].tolist() == [
        0.75,
        0.0,
    ]


def test_parents_are_the_best_fronts_and_of_the_last_one_the_least_crowded() -> None:
    first = [trained(0.1, ram=-0.1), trained(0.2, ram=-0.5), trained(0.21, ram=-0.51), trained(0.4, ram=-0.9)]
    second = [trained(0.5, ram=-0.05)]
    assert set(parents(*second, *first, size=5)) == {0, 1, 2, 3, 4}
    assert parents(*second, *first, size=5)[-1] == 0
    assert set(parents(*second, *first, size=2)) == {1, 4}


def test_what_breaks_limits_stands_behind_all_that_keeps_them_by_how_much_it_does() -> None:
    results = [broken(ram=0.5), trained(0.9, ram=-0.01), broken(ram=0.2), trained(0.05, ram=0.1)]
    assert parents(*results, size=4) == [1, 3, 2, 0]
    assert set(parents(*results, size=4, limits_count=False)) == {1, 3}


def test_children_mix_the_labels_of_their_parents_and_are_complete() -> None:
    trials = told(*[trained(0.5, ram=-0.5)] * 2, *[trained(0.9, ram=-0.1)] * 20)
    suggestions = [
        nsga2.suggest([90], Domain(lambda point: 0.0, SPACE), trials, seed, population=2)[0]["misc"]["vals"]
        for seed in range(60)
    ]
    assert all(bool(each["units"]) == (each["head"] == [1]) for each in suggestions)
    assert any(each["units"] for each in suggestions)
    inherited = [each["width"] in ([0], [1]) for each in suggestions]
    assert 0.5 < mean(inherited) < 1.0


def test_a_scalar_is_the_largest_weighted_share_and_a_little_of_all() -> None:
    values = np.array([[0.0, 10.0], [1.0, 20.0], [2.0, 10.0]])
    assert scalarised(values, np.array([0.5, 0.5])).tolist() == pytest.approx([0.0, 0.525 + 0.0125, 0.525])
    assert scalarised(values, np.array([0.0, 1.0])).tolist() == pytest.approx([0.0, 1.05, 0.0])
    assert scalarised(np.array([[0.3, 1.0]]), np.array([0.5, 0.5])).tolist() == [0.0]


@cache
def missed_by(name: str) -> float:
    """Hypervolume that is lacking after 200 measurements, mean over a few seeds."""
    return BEST - mean(hypervolumes_after(ALGORITHMS[name], (200,), seed)[0] for seed in range(4))


@pytest.mark.parametrize("name", ["nsga2", "scalarised-tpe"])
def test_it_finds_better_trade_offs_than_chance(name: str) -> None:
    assert 0.0 < missed_by(name) < 0.85 * missed_by("random")
