from functools import partial
from statistics import mean
from typing import Any

import hyperopt
import numpy as np
import pytest
from hyperopt import hp
from hyperopt.base import JOB_STATE_DONE, Domain

from orchestrator.domain.network_shape import LayerShape, NetworkShape
from orchestrator.search import constrained_tpe, greybox
from orchestrator.search.algorithms import DescribedSpace
from orchestrator.search.observation import BoardCosts, Observation
from orchestrator.search.study import SpaceExhaustedError, Study
from tests.unit.search.constrained_problem import SPACE, TRAINING_LABELS, best_after, describe, violations_of

suggest = partial(greybox.suggest, describe=describe, training_labels=TRAINING_LABELS)


def search(evaluations: int, algorithm: Any = suggest, seed: int = 1) -> hyperopt.Trials:
    def evaluate(point: dict[str, Any]) -> dict[str, Any]:
        constraints = violations_of(point)
        if max(constraints.values()) > 0.0:
            return {"status": "fail", "constraints": constraints}
        return {"status": "ok", "loss": point["rate"], "constraints": constraints}

    trials = hyperopt.Trials()
    rng = np.random.default_rng(seed)
    hyperopt.fmin(
        evaluate, SPACE, algorithm, evaluations, trials=trials, rstate=rng, show_progressbar=False, return_argmin=False
    )
    return trials


def fitting_share(trials: hyperopt.Trials) -> float:
    return mean(result["status"] == "ok" for result in trials.results[10:])


def test_by_hyperopts_fmin_most_of_what_it_suggests_fits_from_the_start() -> None:
    assert fitting_share(search(50)) > 0.8
    assert fitting_share(search(50, partial(constrained_tpe.suggest, training_labels=TRAINING_LABELS))) < 0.7


def test_equal_seeds_give_equal_searches() -> None:
    points = [[each["vals"] for each in search(15, seed=seed).miscs] for seed in (3, 3, 4)]
    assert points[0] == points[1] != points[2]


@pytest.mark.slow
def test_it_finds_better_points_than_the_one_that_learns_constraints_from_scratch() -> None:
    constrained = partial(constrained_tpe.suggest, training_labels=TRAINING_LABELS)
    best = {
        name: mean(best_after(algorithm, 30, seed, False) for seed in range(10))
        for name, algorithm in (("greybox", suggest), ("ctpe", constrained))
    }
    assert best["greybox"] < best["ctpe"]


@pytest.mark.parametrize("algorithm", ["greybox", "tpe"])
def test_points_without_a_network_are_never_suggested(algorithm: str) -> None:
    def refusing(point: dict[str, Any]) -> NetworkShape:
        if len(point["layers"]) == 2:
            raise ValueError("no network")
        return describe(point)

    study = Study(SPACE, algorithm, 1, 20, TRAINING_LABELS, DescribedSpace(refusing, filters=algorithm == "tpe"))
    for _ in range(20):
        ticket, point = study.ask()
        assert len(point["layers"]) != 2
        study.tell(ticket, Observation(0.5))


def test_what_is_suggested_depends_on_what_was_told_not_on_the_order_in_which_it_ended() -> None:
    done = [each for each in search(20).trials if each["state"] == JOB_STATE_DONE]
    suggested = []
    for told in (done, done[::-1]):
        domain, trials = Domain(lambda point: 0.0, SPACE), hyperopt.Trials()
        for number, document in enumerate(told):
            trials.insert_trial_docs([document])
            trials.refresh()
            if number % 5 == 4:
                greybox.grey_box_of(domain, trials, describe, greybox.Fit.ALL).model()
        box = greybox.grey_box_of(domain, trials, describe, greybox.Fit.ALL)
        shapes = [describe(hyperopt.space_eval(SPACE, _drawn(each))) for each in done]
        model = box.model()
        assert model is not None
        suggested.append(model.log_chances(shapes).tolist())
    assert suggested[0] == suggested[1]


def _drawn(document: dict[str, Any]) -> dict[str, Any]:
    return {label: values[0] for label, values in document["misc"]["vals"].items() if values}


SMALL = {"size": hp.choice("size", list(range(1, 9))), "rate": hp.choice("rate", [1, 2])}


def described(point: dict[str, Any]) -> NetworkShape:
    size = point["size"]
    return NetworkShape((LayerShape("CONV_2D", size, size, 2 * size, macs=size * 1_000, weight_bytes=size),))


def observed(point: dict[str, Any]) -> Observation:
    share = point["size"] / 4
    costs = BoardCosts("kit", {"latency": share}, (("CONV_2D", point["size"] * 2_000),))
    return Observation(0.5 if share <= 1.0 else None, {"latency": share - 1.0, "network": 0.0}, costs=(costs,))


def test_a_study_tells_it_layers_and_ends_when_no_point_is_left() -> None:
    study, told = Study(SMALL, "greybox", 1, networks=DescribedSpace(described)), []
    with pytest.raises(SpaceExhaustedError):
        while True:
            ticket, point = study.ask()
            told.append(point)
            study.tell(ticket, observed(point))
    assert len({str(point) for point in told}) == len(told)
    assert sum(point["size"] <= 4 for point in told) == 8


def test_what_did_not_link_is_no_cost() -> None:
    study = Study(SMALL, "greybox", 1, networks=DescribedSpace(described))
    for size in range(1, 9):
        study.recall(size, {"size": size - 1, "rate": 0}, Observation(None, {"network": 0.0, "memories": 3.0}))
    box = greybox.grey_box_of(study._domain, study._trials, described, greybox.Fit.ALL)
    assert box.model() is None


@pytest.mark.parametrize("algorithm", ["random", "tpe", "ctpe"])
def test_as_a_filter_it_lets_others_propose_again_what_does_not_fit(algorithm: str) -> None:
    shares = {}
    for networks in (None, DescribedSpace(describe, filters=True)):
        study, fits = Study(SPACE, algorithm, 1, 40, TRAINING_LABELS, networks), []
        for _ in range(40):
            ticket, point = study.ask()
            violations = violations_of(point)
            fits.append(max(violations.values()) <= 0.0)
            costs = BoardCosts("kit", {name: 1.0 + each for name, each in violations.items()})
            study.tell(ticket, Observation(0.5 if fits[-1] else None, violations, costs=(costs,)))
        shares[networks is not None] = mean(fits[10:])
    assert shares[False] < 0.75 < 0.85 < shares[True]


def test_a_filtered_search_ends_too_when_no_point_is_left() -> None:
    study, told = Study(SMALL, "ctpe", 1, networks=DescribedSpace(described, filters=True)), []
    with pytest.raises(SpaceExhaustedError):
        while True:
            ticket, point = study.ask()
            told.append(point["size"])
            study.tell(ticket, observed(point))
    assert sum(size <= 4 for size in told) == 8
