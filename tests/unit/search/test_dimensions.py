import pytest
from hyperopt import hp
from hyperopt.base import Domain
from hyperopt.pyll import scope

from orchestrator.domain.errors import InputError
from orchestrator.search.dimensions import CELLS, Dimension, Kind, dimensions_of


def read(space: object) -> dict[str, Dimension]:
    return {each.label: each for each in dimensions_of(Domain(lambda point: 0.0, space).expr)}


@pytest.mark.parametrize(
    ("node", "kind", "cells"),
    [
        (hp.choice("x", [8, 16, 64]), Kind.ORDINAL, 3),
        (hp.choice("x", [64, 16, 8]), Kind.ORDINAL, 3),
        (hp.choice("x", [8, 64, 16]), Kind.CATEGORICAL, 3),
        (hp.choice("x", ["a", "b"]), Kind.CATEGORICAL, 2),
        (hp.choice("x", [False, True]), Kind.CATEGORICAL, 2),
        (hp.pchoice("x", [(0.1, "a"), (0.9, "b")]), Kind.CATEGORICAL, 2),
        (hp.randint("x", 5), Kind.CATEGORICAL, 5),
        (hp.randint("x", 1_000_000), Kind.NUMERIC, CELLS),
        (hp.uniformint("x", 1, 5), Kind.ORDINAL, 5),
        (hp.quniform("x", 0, 1000, 1), Kind.NUMERIC, CELLS),
        (hp.uniform("x", -1, 1), Kind.NUMERIC, CELLS),
        (hp.loguniform("x", -8, -2), Kind.NUMERIC, CELLS),
        (hp.normal("x", 0, 1), Kind.NUMERIC, CELLS),
        (hp.qlognormal("x", 0, 1, 0.5), Kind.NUMERIC, CELLS),
    ],
)
def test_every_distribution_has_its_kind_and_cells(node: object, kind: Kind, cells: int) -> None:
    dimension = read({"x": node})["x"]
    assert (dimension.kind, dimension.cell_count) == (kind, cells)
    assert sum(dimension.probabilities) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "node",
    [
        hp.uniform("x", -3, 5),
        hp.loguniform("x", -8, -2),
        hp.normal("x", 2, 3),
        hp.lognormal("x", 0, 1),
        hp.randint("x", 9),
    ],
)
def test_a_value_lies_in_the_cell_it_was_drawn_from(node: object) -> None:
    dimension = read({"x": node})["x"]
    cells = range(dimension.cell_count)
    assert [dimension.cell_of(dimension.value_in(cell, 0.4)) for cell in cells] == list(cells)


def test_values_of_a_stepped_label_are_multiples_and_as_probable_as_hyperopt_draws_them() -> None:
    dimension = read({"x": hp.quniform("x", 0, 4, 2)})["x"]
    assert dimension.levels == (0, 2, 4)
    assert dimension.probabilities == pytest.approx((0.25, 0.5, 0.25))
    coarse = read({"x": hp.quniform("x", 0, 1000, 5)})["x"]
    assert coarse.value_in(13, 0.3) % 5 == 0


def test_probabilities_of_a_pchoice_are_kept() -> None:
    assert read({"x": hp.pchoice("x", [(0.1, "a"), (0.9, "b")])})["x"].probabilities == (0.1, 0.9)


def test_conditions_name_all_the_choices_above_and_every_way_to_get_there() -> None:
    shared = hp.uniform("shared", 0, 1)
    inner = hp.choice("inner", [{"deep": hp.uniform("deep", 0, 1)}, shared])
    found = read({"a": hp.choice("z_outer", [1, inner]), "b": hp.choice("late", [shared, 0])})
    assert found["z_outer"].conditions == ()
    assert found["deep"].conditions == ((("z_outer", 1), ("inner", 0)),)
    assert set(found["shared"].conditions) == {(("z_outer", 1), ("inner", 1)), (("late", 0),)}
    order = list(found)
    assert order.index("shared") > max(order.index("inner"), order.index("late"))


def test_a_label_that_is_also_used_without_a_condition_has_none() -> None:
    width = hp.choice("width", [1, 2])
    assert read({"a": hp.choice("a", [width, 0]), "b": width})["width"].conditions == ()


def test_what_is_not_understood_is_refused() -> None:
    with pytest.raises(InputError, match="a switch must be made by"):
        dimensions_of(scope.switch(scope.int(hp.quniform("x", 0, 1, 1)), "a", "b"))
