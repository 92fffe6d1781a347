from itertools import product

import numpy as np
import pytest
from hyperopt import hp
from hyperopt.base import Domain

from orchestrator.search.dimensions import dimensions_of
from orchestrator.search.parzen import Kernels, shrinkage_of
from orchestrator.search.points import PointSpace

SPACE = {
    "kind": hp.choice("kind", ["a", {"width": hp.choice("width", [1, 2, 4])}, {"name": hp.choice("name", ["x", "y"])}]),
    "odds": hp.pchoice("odds", [(0.2, 0), (0.8, 1)]),
    "rate": hp.uniform("rate", 0, 1),
}


def make() -> PointSpace:
    return PointSpace(dimensions_of(Domain(lambda point: 0.0, SPACE).expr))


def row(space: PointSpace, **values: float) -> np.ndarray:
    return space.read({label: [value] for label, value in values.items()}).cells[0]


def every_point(space: PointSpace) -> np.ndarray:
    heads = [{"kind": 0}, *({"kind": 1, "width": n} for n in range(3)), *({"kind": 2, "name": n} for n in range(2))]
    rates = [(cell + 0.5) / 64 for cell in range(64)]
    return np.array([row(space, **head, odds=o, rate=r) for head, o, r in product(heads, range(2), rates)])


@pytest.mark.parametrize("shrinkage", [1.0, 0.5, 0.1])
def test_every_kernel_and_the_prior_sum_to_one_over_the_conditional_space(shrinkage: float) -> None:
    space = make()
    kernels, points = Kernels(space, shrinkage), every_point(space)
    centres = points[[0, 200, -1]]
    columns = space.columns_without(frozenset())
    assert np.exp(kernels.log_densities(points, centres, columns)).sum(axis=0) == pytest.approx(1.0, rel=1e-4)
    assert np.exp(kernels.log_prior(points, columns)).sum() == pytest.approx(1.0, rel=1e-4)


def test_a_kernel_is_highest_where_it_stands_and_falls_with_distance() -> None:
    space = make()
    kernels, columns = Kernels(space, 0.3), space.columns_without(frozenset())
    centre = row(space, kind=1, width=0, odds=1, rate=0.5)
    near, far = row(space, kind=1, width=1, odds=1, rate=0.5), row(space, kind=1, width=2, odds=1, rate=0.5)
    other = row(space, kind=2, name=0, odds=1, rate=0.5)
    seen = kernels.log_densities(np.array([centre, near, far, other]), centre[None, :], columns)[:, 0]
    assert seen[0] == max(seen)
    assert seen[1] > seen[2]


def test_a_label_that_the_observation_lacks_has_its_prior() -> None:
    space = make()
    centre = row(space, kind=0, odds=1, rate=0.5)
    points = np.array([row(space, kind=1, width=width, odds=1, rate=0.5) for width in range(3)])
    seen = Kernels(space, 0.1).log_densities(points, centre[None, :], space.columns_without(frozenset()))
    assert np.ptp(seen) == pytest.approx(0.0, abs=1e-5)


def test_samples_are_as_frequent_as_their_density_says() -> None:
    space = make()
    kernels, columns = Kernels(space, 0.8), space.columns_without(frozenset({"rate"}))
    centre = row(space, kind=1, width=0, odds=1, rate=0.5)
    drawn = kernels.sample(np.tile(centre, (20_000, 1)), np.random.default_rng(1))
    distinct, counts = np.unique(drawn.cells[:, columns], axis=0, return_counts=True)
    assert len(distinct) == 12
    first = [np.flatnonzero((drawn.cells[:, columns] == each).all(axis=1))[0] for each in distinct]
    expected = np.exp(kernels.log_densities(drawn.cells[first], centre[None, :], columns))[:, 0]
    assert counts / 20_000 == pytest.approx(expected, abs=0.015)


def test_sampled_points_are_complete_and_written_as_hyperopt_draws_them() -> None:
    space = make()
    points = Kernels(space, 1.0).sample(np.tile(space.inactive, (50, 1)), np.random.default_rng(2))
    for index in range(50):
        drawn = space.write(points.values[index])
        assert bool(drawn["width"]) == (drawn["kind"] == [1])
        assert bool(drawn["name"]) == (drawn["kind"] == [2])
        assert [type(drawn[label][0]) for label in ("kind", "odds", "rate")] == [int, int, float]
        assert space.read(drawn).values.tobytes() == points.values[index].tobytes()
        assert (space.read(drawn).cells[0] == points.cells[index]).all()


def test_kernels_become_narrower_with_their_number() -> None:
    assert 1.0 == shrinkage_of(1, 5.0) > shrinkage_of(10, 5.0) > shrinkage_of(100, 5.0)
