import numpy as np
import pytest

from orchestrator.search.dominance import crowding_distances, front_of, fronts_of
from orchestrator.search.hypervolume import budgeted_hypervolume, hypervolume
from orchestrator.search.observation import Observation


def trade_offs(count: int, objectives: int, seed: int) -> np.ndarray:
    """Points near a curved front, none of which the front's middle hides altogether."""
    rng = np.random.default_rng(seed)
    return 1.0 - np.sqrt(rng.dirichlet(np.ones(objectives), count)) * rng.uniform(0.7, 1.0, (count, 1))


@pytest.mark.parametrize("objectives", [2, 3, 4])
@pytest.mark.parametrize("count", [1, 7, 40])
def test_the_volume_is_the_share_of_random_points_that_are_dominated(objectives: int, count: int) -> None:
    points, samples = trade_offs(count, objectives, seed=count), 60_000
    drawn = np.random.default_rng(5).random((samples, objectives))
    dominated = np.zeros(samples, dtype=bool)
    for point in points:
        dominated |= (drawn >= point).all(axis=1)
    exact = hypervolume(points, [1.0] * objectives)
    assert exact == pytest.approx(dominated.mean(), abs=4.0 * np.sqrt(exact * (1.0 - exact) / samples))


def test_volumes_of_boxes_known_by_hand() -> None:
    assert hypervolume(np.array([[1.0, 3.0], [2.0, 1.0]]), [4.0, 5.0]) == 3 * 2 + 2 * 4 - 2 * 2
    assert hypervolume(np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]), [2.0] * 3) == 7.0
    assert hypervolume(np.array([[0.25]]), [1.0]) == 0.75


def test_copies_dominated_points_order_and_what_is_beyond_the_reference_change_nothing() -> None:
    points = trade_offs(12, 3, seed=1)
    more = np.concatenate([points[::-1], points[:4], points + 0.01, [[-9.0, 0.0, 1.0]], [[0.0, 0.0, 1.5]]])
    assert hypervolume(more, [1.0] * 3) == pytest.approx(hypervolume(points, [1.0] * 3), rel=1e-12)


def test_nothing_has_no_volume_and_another_number_of_objectives_is_refused() -> None:
    assert hypervolume(np.empty((0, 2)), [1.0, 1.0]) == 0.0
    with pytest.raises(ValueError, match=r"shape \[points, 3\], but have \(2, 2\)"):
        hypervolume(np.zeros((2, 2)), [1.0] * 3)


def test_under_budgets_only_what_was_trained_and_keeps_them_counts() -> None:
    kept = Observation(0.2, {"ram": -0.5, "latency": -0.25, "network": 0.0})
    broken = Observation(0.0, {"ram": -0.9, "latency": 0.1, "network": 0.0})
    untrained = Observation(None, {"ram": -0.9, "latency": -0.9, "network": 0.0})
    assert budgeted_hypervolume([kept, broken, untrained], ["ram", "latency"]) == pytest.approx(0.8 * 0.5 * 0.25)
    assert budgeted_hypervolume([broken, untrained], ["ram"]) == 0.0


def test_fronts_are_those_of_a_comparison_of_all_with_all() -> None:
    values = np.random.default_rng(3).integers(0, 6, (60, 3)).astype(float)
    left = list(range(len(values)))
    for front in fronts_of(values, len(values)):
        expected = [
            row
            for row in left
            if not any((values[o] <= values[row]).all() and (values[o] < values[row]).any() for o in left)
        ]
        assert front.tolist() == expected
        left = [row for row in left if row not in expected]
    assert not left


def test_no_more_fronts_are_found_than_are_asked_for() -> None:
    values = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 1.0], [2.0, 2.0]])
    assert [front.tolist() for front in fronts_of(values, 2)] == [[0], [1, 2]]
    assert front_of(np.empty((0, 2))).tolist() == []


def test_crowding_is_the_distance_of_the_neighbours_and_infinite_at_the_ends() -> None:
    values = np.array([[0.0, 10.0], [1.0, 6.0], [4.0, 5.0], [10.0, 0.0]])
    assert crowding_distances(values).tolist() == pytest.approx([np.inf, 0.4 + 0.5, 0.9 + 0.6, np.inf])
