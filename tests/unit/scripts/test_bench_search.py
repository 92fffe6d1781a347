"""The benchmark of search algorithms: what it counts, and that all optimisers see the same."""

import json
import lzma
import sys
from pathlib import Path

import numpy as np
import pytest
from hyperopt import hp

from orchestrator.search.observation import Observation

sys.path.append(str(Path(__file__).parents[3] / "scripts"))

from search_bench import digits_grid
from search_bench.budgets import SHAPES, budgeted
from search_bench.digits_table import DigitsTable
from search_bench.enumeration import Drawn, all_drawn, drawn_key
from search_bench.labels import Labels
from search_bench.optimisers import Setting, maker_of
from search_bench.problem import Budgeted, Measured
from search_bench.run import GIVEN, Limits, run
from search_bench.summary import after_trainings, at_cost, compared
from search_bench.trade_offs import volume_under


class Ladder:
    """The larger `size`, the better and the more expensive; `kind` costs in one way or in the other."""

    name = "ladder"
    training_labels = frozenset({"rate"})
    metrics = ("ram", "flash")

    def __init__(self) -> None:
        self.space = {
            "size": hp.choice("size", list(range(50))),
            "kind": hp.choice("kind", ["ram", "flash"]),
            "rate": hp.choice("rate", [0.1, 0.2]),
        }
        self.trained: list[Drawn] = []

    def measure(self, points: list[Drawn]) -> list[Measured]:
        return [
            {"ram": 1.0 + each["size"] * (2.0 - each["kind"]), "flash": 1.0 + each["size"] * (1.0 + each["kind"])}
            for each in points
        ]

    def train(self, drawn: Drawn) -> float:
        self.trained.append(drawn)
        return 0.5 - drawn["size"] / 100.0 + drawn["rate"] / 1000.0


class Same:
    """Proposes one point again and again."""

    def __init__(self, setting: Setting) -> None:
        self.told: list[Observation] = []

    def ask(self, given: Drawn | None = None) -> tuple[int, Drawn]:
        return 0, given or {"size": 0, "kind": 0, "rate": 0}

    def tell(self, ticket: int, observation: Observation) -> None:
        self.told.append(observation)

    def forget(self, ticket: int) -> None:
        pass


def test_the_enumeration_of_a_space_holds_every_draw_once() -> None:
    space = digits_grid.space()
    keys = [drawn_key(drawn) for drawn in all_drawn(space)]
    assert len(set(keys)) == len(keys) == 704
    assert {drawn_key(drawn) for drawn in Labels(space).draw(500, np.random.default_rng(1))} <= set(keys)


def test_a_continuous_space_cannot_be_enumerated() -> None:
    with pytest.raises(ValueError, match="rate"):
        all_drawn({"rate": hp.uniform("rate", 0, 1)})


@pytest.mark.parametrize("shape", SHAPES)
def test_budgets_let_through_about_what_was_asked_for(shape: str) -> None:
    assert budgeted(Ladder(), shape, 0.2).share == pytest.approx(0.2, abs=0.05)


def test_one_of_two_boards_will_do() -> None:
    two = Budgeted("two", Ladder(), ({"ram": 10.0, "flash": 20.0}, {"ram": 20.0, "flash": 10.0}), 0.1)
    assert two.violations({"ram": 15.0, "flash": 10.0}) == {"ram": -0.25, "flash": 0.0}


@pytest.mark.parametrize("name", ["random", "tpe", "ctpe", "hyperopt-fail"])
def test_only_what_fits_is_trained_and_nothing_twice(name: str) -> None:
    problem = Ladder()
    tight = budgeted(problem, "all", 0.2)
    result = run(tight, name, maker_of(name), 3, Limits(trainings=8, measurements=200, cpu_s=60.0))
    keys = [drawn_key(drawn) for drawn in problem.trained]
    assert len(set(keys)) == len(keys) == result.trainings
    assert all(max(tight.violations(each).values()) <= 0.0 for each in problem.measure(problem.trained))
    assert result.improvements[-1][2] == pytest.approx(min(map(Ladder().train, problem.trained)))


def test_a_repetition_costs_nothing_and_a_draw_takes_its_place_in_the_end() -> None:
    result = run(budgeted(Ladder(), "all", 0.9), "same", Same, 1, Limits(trainings=12, measurements=200, cpu_s=60.0))
    assert result.trainings == 12
    assert result.replaced >= 12 - GIVEN - 1
    assert result.measurements <= result.trainings + result.infeasible


def test_equal_seeds_give_equal_runs() -> None:
    limits = Limits(trainings=6, measurements=100, cpu_s=60.0)
    first, second = (run(budgeted(Ladder(), "all", 0.3), "ctpe", maker_of("ctpe"), 5, limits) for _ in range(2))
    assert first.improvements == second.improvements


def test_a_run_is_read_by_trainings_and_by_total_cost() -> None:
    row = {"improvements": [[1, 10, 0.4], [5, 50, 0.2]], "trainings": 8, "measurements": 60, "ended_by": "trainings"}
    assert after_trainings(row, 4) == 0.4
    assert after_trainings(row, 5) == 0.2
    assert at_cost(row, 9.9, 0.1) == 0.4
    assert at_cost(row, 10.0, 0.1) == 0.2
    assert np.isnan(at_cost(row, 20.0, 0.1)), "the run ended at a cost of 14"


def test_a_comparison_proves_only_what_its_interval_does() -> None:
    def rows(losses: list[float]) -> list[dict[str, object]]:
        return [{"seed": seed, "improvements": [[1, 1, loss]]} for seed, loss in enumerate(losses)]

    def best(row: dict[str, object]) -> float:
        return after_trainings(row, 1)

    ours = [0.1, 0.2, 0.3, 0.2, 0.1]
    better = compared(rows(ours), rows([each + 0.05 for each in ours]), best, best, 1.0)
    assert better.verdict(0.005) == "better"
    assert compared(rows(ours), rows(ours), best, best, 1.0).verdict(0.005) == "not worse"
    assert compared(rows(ours), rows([0.2, 0.1, 0.3, 0.1, 0.2]), best, best, 1.0).verdict(0.005) == "open"
    assert compared(rows(ours[:2]), rows(ours[:2]), best, best, 1.0).verdict(0.005) == "too few seeds"


def test_who_knows_no_budgets_trains_what_does_not_fit() -> None:
    tight = budgeted(Ladder(), "all", 0.1)
    result = run(tight, "random-blind", maker_of("random-blind"), 1, Limits(trainings=20, measurements=200, cpu_s=60.0))
    assert result.wasted >= result.infeasible > 0
    assert result.trainings == 20


def test_the_hypervolume_is_that_of_the_union() -> None:
    assert volume_under([]) == 0.0
    assert volume_under([[0.5, 0.5, 0.5]]) == pytest.approx(0.125)
    assert volume_under([[0.2, 0.8], [0.8, 0.2], [0.9, 0.9]]) == pytest.approx(0.16 + 0.16 - 0.04)


def test_of_a_table_that_is_not_finished_the_space_is_what_is_there(tmp_path: Path) -> None:
    small = digits_grid.space(1)
    row = {"ram_bytes": 1, "flash_bytes": 2, "cycles": 3, "clock_hz": 3, "int8_accuracy": 0.9}
    lines = [json.dumps({"drawn": drawn, **row}) for drawn in all_drawn(digits_grid.space())[:161]]
    table = tmp_path / "networks.jsonl.xz"
    table.write_bytes(lzma.compress("\n".join(lines).encode()))
    digits = DigitsTable(table)
    assert digits.name == "digits-160"
    assert [drawn_key(each) for each in all_drawn(digits.space)] == [drawn_key(each) for each in all_drawn(small)]
    assert digits.measure(all_drawn(small)[:1]) == [{"ram": 1, "flash": 2, "latency": 1.0}]
