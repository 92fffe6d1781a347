from functools import partial
from statistics import mean
from typing import Any

import hyperopt
import numpy as np
import pytest
from hyperopt import hp, rand
from hyperopt.base import JOB_STATE_DONE, Domain

from orchestrator.search import svm_cbo
from orchestrator.search.dimensions import dimensions_of
from orchestrator.search.encoding import Encoding
from orchestrator.search.history import History
from orchestrator.search.learned_models import gaussian_process, random_forest, support_vectors
from orchestrator.search.points import PointSpace
from tests.unit.search.constrained_problem import TRAINING_LABELS, best_after

SQUARE = {"x": hp.uniform("x", 0.0, 1.0), "y": hp.uniform("y", 0.0, 1.0)}


def told(*points: tuple[float, float, float | None]) -> hyperopt.Trials:
    """Points of the square with their losses; None: it does not fit."""
    trials = hyperopt.Trials()
    documents = []
    for number, (x, y, loss) in enumerate(points):
        fits = loss is not None
        result = {"status": "ok" if fits else "fail", "loss": loss, "constraints": {"ram": -0.1 if fits else 0.1}}
        misc = {
            "tid": number,
            "idxs": {"x": [number], "y": [number]},
            "vals": {"x": [x], "y": [y]},
            "cmd": None,
            "workdir": None,
        }
        documents += trials.new_trial_docs([number], [None], [result], [misc])
        documents[-1]["state"] = JOB_STATE_DONE
    trials.insert_trial_docs(documents)
    trials.refresh()
    return trials


def suggested(trials: hyperopt.Trials, **phases: int) -> np.ndarray:
    """The next point by each of a few seeds."""
    domain = Domain(lambda point: 0.0, SQUARE)
    found = [svm_cbo.suggest([99], domain, trials, seed, **phases)[0]["misc"]["vals"] for seed in range(5)]
    return np.array([[each["x"][0], each["y"][0]] for each in found])


GRID = [(x, y) for x in np.linspace(0.05, 0.95, 7) for y in np.linspace(0.05, 0.95, 7)]


def test_the_first_phase_prefers_the_boundary_where_coverage_is_the_same() -> None:
    histories = [History(PointSpace(dimensions_of(Domain(len, SQUARE).expr)), frozenset()) for _ in range(2)]
    for history, edge in zip(histories, (0.3, 0.7), strict=True):
        history.update(told(*[(x, y, 0.5 if x < edge else None) for x, y in GRID]).trials)
    left, right = (histories[0].space.read({"x": [x], "y": [0.5]}) for x in (0.275, 0.725))
    with_left_edge, with_right_edge = (
        [float(svm_cbo._boundary_scores(history, point)[0]) for point in (left, right)] for history in histories
    )
    assert with_left_edge[0] < with_right_edge[0] - 0.5
    assert with_left_edge[1] > with_right_edge[1] + 0.5


def test_the_first_phase_goes_where_nothing_was_measured() -> None:
    corner = [(x, y, 0.5 if x < 0.25 else None) for x, y in GRID if x < 0.6 or y < 0.6]
    found = suggested(told(*corner), startup=10, boundary=90)
    assert np.median(found.min(axis=1)) > 0.6


def test_the_second_phase_stays_inside_though_the_loss_falls_towards_the_outside() -> None:
    half = told(*[(x, y, 1.0 - x if x < 0.55 else None) for x, y in GRID])
    found = suggested(half, startup=10, boundary=10)[:, 0]
    assert 0.4 < found.min() <= found.max() < 0.6


def test_a_surprise_moves_the_region() -> None:
    """What was foreseen to fit does not: the next suggestions keep away from there."""
    seen = [(x, y, 1.0 - x if x < 0.55 else None) for x, y in GRID]
    surprises = [(0.35 + 0.02 * number, y, None) for number in range(5) for y in np.linspace(0.0, 1.0, 7)]
    seen = [each for each in seen if each[0] < 0.3 or each[2] is None]
    before, after = (suggested(told(*rows), startup=10, boundary=10)[:, 0] for rows in (seen, seen + surprises))
    assert after.max() < before.max()
    assert after.max() < 0.35


def test_while_nothing_fits_it_spreads_out() -> None:
    nothing = told(*[(x, y, None) for x, y in GRID if x < 0.5])
    assert suggested(nothing, startup=10, boundary=10)[:, 0].min() > 0.6


def test_vectors_tell_options_order_and_what_is_inactive() -> None:
    space = PointSpace(
        dimensions_of(
            Domain(
                lambda point: 0.0,
                {
                    "kind": hp.choice("kind", ["a", {"width": hp.choice("width", [1, 2, 4])}]),
                    "rate": hp.uniform("r", 0, 1),
                },
            ).expr
        )
    )
    rows: list[dict[str, Any]] = [{"kind": [0]}, {"kind": [1], "width": [0]}, {"kind": [1], "width": [2]}]
    cells = np.concatenate([space.read(each | {"r": [0.5]}).cells for each in rows])
    vectors = Encoding(space)(cells, space.columns_without(frozenset({"r"})))
    without, least, most = vectors
    assert np.linalg.norm(least - most) == pytest.approx(2 / 3)
    assert np.linalg.norm(without - least) == np.linalg.norm(without - most) > 1.0


def test_what_is_learned_holds_on_examples_that_were_not_seen() -> None:
    rng = np.random.default_rng(1)
    seen, unseen = rng.uniform(-0.5, 0.5, (2, 200, 2))
    inside = support_vectors(seen, np.hypot(*seen.T) < 0.35, gamma=6.0)(unseen) > 0.0
    assert (inside == (np.hypot(*unseen.T) < 0.35)).mean() > 0.95
    losses = np.sin(4.0 * seen[:, 0]) + seen[:, 1] ** 2
    for learned in (gaussian_process(seen[:100], losses[:100]), random_forest(seen, losses, seed=1)):
        means, deviations = learned(unseen)
        errors = means - np.sin(4.0 * unseen[:, 0]) - unseen[:, 1] ** 2
        assert np.abs(errors).mean() < 0.1 * losses.std()
        assert (deviations >= 0.0).all()
        assert learned(np.array([[3.0, 3.0]]))[1] > np.median(deviations)


def test_it_finds_better_networks_than_chance_at_equal_trainings() -> None:
    algorithm = partial(svm_cbo.suggest, training_labels=TRAINING_LABELS)
    by_model = mean(best_after(algorithm, 20, seed, penalised=False) for seed in range(5))
    by_chance = mean(best_after(rand.suggest, 20, seed, penalised=False) for seed in range(5))
    assert by_model < 0.92 * by_chance
