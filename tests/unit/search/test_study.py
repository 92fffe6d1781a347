from statistics import median
from typing import Any

import pytest
from hyperopt import hp

from orchestrator.search.observation import Observation
from orchestrator.search.study import SpaceExhaustedError, Study

SPACE = {
    "x": hp.uniform("x", -1.0, 1.0),
    "kind": hp.choice("kind", [{"name": "a"}, {"name": "b", "width": hp.choice("width", [1, 2])}]),
}
ALGORITHMS = ["random", "tpe", "ctpe"]


def outcome(point: dict[str, Any]) -> Observation:
    """Half of the space holds the budget."""
    violation = -point["x"]
    return Observation(None if violation > 0 else abs(point["x"] - 0.5), {"ram": violation}, (0.9, 0.8))


def play(algorithm: str, seed: int, rounds: int) -> list[dict]:
    study = Study(SPACE, algorithm, seed)
    points = []
    for _ in range(rounds):
        ticket, point = study.ask()
        study.tell(ticket, outcome(point))
        points.append(point)
    return points


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_equal_seeds_give_equal_points_and_others_do_not(algorithm: str) -> None:
    assert play(algorithm, 1, 25) == play(algorithm, 1, 25) != play(algorithm, 2, 25)


@pytest.mark.parametrize("algorithm", ["tpe", "ctpe"])
def test_it_learns_where_the_loss_is_small(algorithm: str) -> None:
    learned = [abs(point["x"] - 0.5) for point in play(algorithm, 3, 60)[30:]]
    guessed = [abs(point["x"] - 0.5) for point in play("random", 3, 60)[30:]]
    assert median(learned) < 0.6 * median(guessed)


def test_points_are_plain_values_and_conditional_ones_are_complete() -> None:
    for point in play("random", 5, 20) + play("ctpe", 5, 20):
        assert type(point["x"]) is float
        assert set(point["kind"]) == ({"name"} if point["kind"]["name"] == "a" else {"name", "width"})


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_several_points_may_be_open_and_are_told_in_any_order(algorithm: str) -> None:
    study = Study(SPACE, algorithm, 0)
    tickets = [study.ask()[0] for _ in range(4)]
    for ticket in reversed(tickets):
        study.tell(ticket, Observation(0.1))
    with pytest.raises(KeyError):
        study.tell(tickets[0], Observation(0.1))


def test_a_forgotten_point_changes_nothing_for_the_model() -> None:
    """TPE must see neither a good nor a bad score: its losses stay those that were told."""
    study = Study(SPACE, "tpe", 0)
    told, _ = study.ask()
    forgotten, _ = study.ask()
    study.tell(told, Observation(0.3))
    study.forget(forgotten)
    losses = [loss for loss in study._trials.losses() if loss is not None]
    assert losses == [0.3]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_study_that_recalls_what_was_told_goes_on_as_the_one_that_was_told_it(algorithm: str) -> None:
    """Points in flight included, and one whose candidate failed; told in another order than asked."""
    study, drawn, told = Study(SPACE, algorithm, 4), {}, {}
    waiting: list[tuple[int, dict[str, Any]]] = []
    for _ in range(40):
        ticket, point = study.ask()
        drawn[ticket] = study.drawn(ticket)
        waiting.append((ticket, point))
        if len(waiting) > 3:
            ended, point = waiting.pop(1)
            told[ended] = outcome(point)
            study.tell(ended, told[ended])
    again = Study(SPACE, algorithm, 4)
    for ticket, values in drawn.items():
        again.recall(ticket, values, told.get(ticket))
    for _ in range(3):
        ticket, point = study.ask()
        assert again.ask() == (ticket, point)
        study.tell(ticket, outcome(point))
        again.tell(ticket, outcome(point))


def test_points_are_recalled_in_the_order_of_their_tickets() -> None:
    study = Study(SPACE, "ctpe", 0)
    study.recall(3, {"x": 0.5, "kind": 0})
    with pytest.raises(ValueError, match="tickets must rise: 3 comes after 3"):
        study.recall(3, {"x": 0.5, "kind": 0})
    assert study.ask()[0] == 4


def test_a_space_of_which_nothing_is_left_is_exhausted() -> None:
    study = Study({"a": hp.choice("a", [1, 2]), "b": hp.choice("b", [1, 2, 3])}, "ctpe", 0)
    points = []
    for _ in range(6):
        ticket, point = study.ask()
        study.tell(ticket, Observation(0.5))
        points.append(point)
    assert len({str(point) for point in points}) == 6
    with pytest.raises(SpaceExhaustedError):
        study.ask()
