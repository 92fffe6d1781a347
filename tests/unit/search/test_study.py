from statistics import median

import pytest
from hyperopt import hp

from orchestrator.search.study import Study

SPACE = {
    "x": hp.uniform("x", -1.0, 1.0),
    "kind": hp.choice("kind", [{"name": "a"}, {"name": "b", "width": hp.choice("width", [1, 2])}]),
}


def play(algorithm: str, seed: int, rounds: int) -> list[dict]:
    study = Study(SPACE, algorithm, seed)
    points = []
    for _ in range(rounds):
        ticket, point = study.ask()
        study.tell(ticket, abs(point["x"] - 0.5))
        points.append(point)
    return points


@pytest.mark.parametrize("algorithm", ["random", "tpe"])
def test_equal_seeds_give_equal_points_and_others_do_not(algorithm: str) -> None:
    assert play(algorithm, 1, 12) == play(algorithm, 1, 12) != play(algorithm, 2, 12)


def test_tpe_learns_where_the_loss_is_small() -> None:
    learned = [abs(point["x"] - 0.5) for point in play("tpe", 3, 60)[30:]]
    guessed = [abs(point["x"] - 0.5) for point in play("random", 3, 60)[30:]]
    assert median(learned) < 0.6 * median(guessed)


def test_points_are_plain_values_and_conditional_ones_are_complete() -> None:
    for point in play("random", 5, 20):
        assert type(point["x"]) is float
        assert set(point["kind"]) == ({"name"} if point["kind"]["name"] == "a" else {"name", "width"})


def test_several_points_may_be_open_and_are_told_in_any_order() -> None:
    study = Study(SPACE, "tpe", 0)
    tickets = [study.ask()[0] for _ in range(4)]
    for ticket in reversed(tickets):
        study.tell(ticket, 0.1)
    with pytest.raises(KeyError):
        study.tell(tickets[0], 0.1)


def test_a_forgotten_point_changes_nothing_for_the_model() -> None:
    """TPE must see neither a good nor a bad score: its losses stay those that were told."""
    study = Study(SPACE, "tpe", 0)
    told, _ = study.ask()
    forgotten, _ = study.ask()
    study.tell(told, 0.3)
    study.forget(forgotten)
    losses = [loss for loss in study._trials.losses() if loss is not None]
    assert losses == [0.3]
