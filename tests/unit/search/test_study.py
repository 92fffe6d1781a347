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
ALGORITHMS = ["random", "tpe", "ctpe", "svm-cbo", "nsga2", "scalarised-tpe"]


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


@pytest.mark.parametrize("algorithm", ["tpe", "ctpe", "svm-cbo"])
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


@pytest.mark.parametrize("algorithm", ["random", "tpe"])
def test_a_forgotten_point_changes_nothing_for_the_model(algorithm: str) -> None:
    """HyperOpt's TPE must see neither a good nor a bad one: it suggests what it would had the point never been."""
    study, never = Study(SPACE, algorithm, 0), Study(SPACE, algorithm, 0)
    for _ in range(30):
        ticket, point = study.ask()
        if ticket == 12:
            study.forget(ticket)
            continue
        never.recall(ticket, study.drawn(ticket), outcome(point))
        study.tell(ticket, outcome(point))
    assert study.ask() == never.ask()


@pytest.mark.parametrize("algorithm", ["tpe", "ctpe"])
def test_what_is_under_way_counts_as_bad_so_that_others_go_elsewhere(algorithm: str) -> None:
    """Points under way stand where the best is: the model turns away from there, as it does not from nothing."""
    near = {True: 0, False: 0}
    for seed in range(10):
        for crowded in near:
            study = Study(SPACE, algorithm, seed)
            for ticket in range(40):
                x = -0.95 + ticket * 0.045
                study.recall(ticket, {"x": x, "kind": 0}, outcome({"x": x}))
            for ticket in range(40, 52 if crowded else 40):
                study.recall(ticket, {"x": 0.5 + 0.005 * (ticket - 46), "kind": 0})
            asked = [study.ask() for _ in range(3)]
            near[crowded] += sum(abs(point["x"] - 0.5) < 0.1 for _, point in asked)
    assert near[True] < 0.5 * near[False]


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


def test_labels_that_the_space_does_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match="the space has no depth"):
        Study(SPACE, "tpe", 0).recall(0, {"x": 0.5, "kind": 0, "depth": 3})


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
