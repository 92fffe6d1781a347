"""What holds for every `suggest` function of ours."""

from collections.abc import Callable
from functools import partial
from typing import Any

import hyperopt
import numpy as np
import pytest
from hyperopt import hp
from hyperopt.base import Domain

from orchestrator.domain.errors import InputError
from orchestrator.search import constrained_tpe, nsga2, scalarised_tpe, svm_cbo

Suggest = Callable[..., list[dict[str, Any]]]

SPACE = {
    "size": hp.choice("size", list(range(12))),
    "shape": hp.choice("shape", "abc"),
    "rate": hp.choice("rate", "xyz"),
}
ALGORITHMS = {
    "ctpe": constrained_tpe.suggest,
    "svm-cbo": svm_cbo.suggest,
    "nsga2": nsga2.suggest,
    "scalarised-tpe": scalarised_tpe.suggest,
}
every_algorithm = pytest.mark.parametrize("suggest", ALGORITHMS.values(), ids=ALGORITHMS)


def evaluate(point: dict[str, Any]) -> dict[str, Any]:
    constraints = {"ram": (point["size"] - 5) / 5, "flash": -0.1}
    if constraints["ram"] > 0.0:
        return {"status": "fail", "constraints": constraints}
    return {
        "status": "ok",
        "loss": 1.0 / (1 + point["size"]) + 0.1 * (point["shape"] != "b"),
        "constraints": constraints,
    }


def search(suggest: Suggest, evaluations: int, seed: int = 1, **options: Any) -> hyperopt.Trials:
    trials = hyperopt.Trials()
    rng = np.random.default_rng(seed)
    algorithm = partial(suggest, **options)
    hyperopt.fmin(
        evaluate, SPACE, algorithm, evaluations, trials=trials, rstate=rng, show_progressbar=False, return_argmin=False
    )
    return trials


@every_algorithm
def test_it_searches_by_hyperopts_fmin(suggest: Suggest) -> None:
    best = search(suggest, 60).argmin
    assert best == {"size": 5, "shape": 1, "rate": best["rate"]}


@every_algorithm
def test_no_point_is_suggested_twice_until_none_is_left(suggest: Suggest) -> None:
    trials = search(suggest, 150)
    points = [str(each["vals"]) for each in trials.miscs]
    assert len(points) == len(set(points)) <= 12 * 3 * 3
    feasible = [each for each in trials.trials if each["result"]["status"] == "ok"]
    assert len(feasible) == 6 * 3 * 3


@every_algorithm
def test_an_infeasible_architecture_never_comes_again_and_one_that_fits_may(suggest: Suggest) -> None:
    trials = search(suggest, 80, training_labels=frozenset({"rate"}))
    infeasible, fitting = [], []
    for each in trials.trials:
        architecture = (each["misc"]["vals"]["size"][0], each["misc"]["vals"]["shape"][0])
        assert architecture not in infeasible
        (fitting if each["result"]["status"] == "ok" else infeasible).append(architecture)
    assert infeasible
    assert len(set(fitting)) < len(fitting)


@every_algorithm
def test_equal_documents_give_the_equal_next_suggestion_however_they_came(suggest: Suggest) -> None:
    domain = Domain(evaluate, SPACE)
    trials = search(suggest, 40)
    fresh = hyperopt.trials_from_docs(trials.trials)
    suggestions = [suggest([40], domain, each, 7)[0]["misc"] for each in (trials, trials, fresh)]
    assert suggestions[0] == suggestions[1] == suggestions[2]


@every_algorithm
def test_several_new_ids_get_different_points(suggest: Suggest) -> None:
    documents = suggest(list(range(40, 60)), Domain(evaluate, SPACE), search(suggest, 40), 7)
    points = [str(each["misc"]["vals"]) for each in documents]
    assert len(set(points)) == len(points) > 10


@every_algorithm
def test_a_training_label_that_the_space_lacks_is_refused(suggest: Suggest) -> None:
    with pytest.raises(InputError, match="the space has no ratte; its labels are"):
        search(suggest, 1, training_labels=frozenset({"ratte"}))


@every_algorithm
def test_trainings_that_all_diverge_are_survived(suggest: Suggest) -> None:
    rng, trials = np.random.default_rng(1), hyperopt.Trials()
    result = {"status": "ok", "loss": float("inf"), "constraints": {"ram": -0.1}}
    hyperopt.fmin(
        lambda point: result, SPACE, suggest, 50, trials=trials, rstate=rng, show_progressbar=False, return_argmin=False
    )
    assert len(trials) == 50
