#!/usr/bin/env python3
"""Compare search algorithms on problems with budgets: measure first, train only what fits.

Usage: .venv/bin/python scripts/bench_search.py RESULTS.jsonl [--problems NAME ...] [--optimisers NAME ...] [--seeds N]

Adds one line of JSON per run to the file; runs that it has are not repeated, so that it may be interrupted, and grown.
A problem is NAME/SHAPE/SHARE: `digits`, `synthetic` or `xgboost`, limited in shape `all`, `one` or `either`, so that
that share of the space fits; a name alone stands for all of its own. `scripts/report_search.py` makes tables and
figures of the file. Peers need `scripts/bench_search_requirements.txt`, `xgboost` a surrogate (docs/search.md).
"""

import argparse
import json
import sys
from functools import cache
from pathlib import Path

from search_bench.budgets import SHAPES, budgeted
from search_bench.digits_table import DigitsTable
from search_bench.optimisers import maker_of
from search_bench.problem import Budgeted, Problem
from search_bench.run import Limits, run
from search_bench.synthetic_mcu import SyntheticMcu
from search_bench.yahpo_xgboost import YahpoXgboost

PROBLEMS = {"digits": DigitsTable, "synthetic": SyntheticMcu, "xgboost": YahpoXgboost}
BUDGETS = ("all/0.01", "all/0.05", "all/0.2", "one/0.05", "either/0.05")
SPECIFICATIONS = [f"{name}/{budgets}" for name in PROBLEMS for budgets in BUDGETS]
OPTIMISERS = ["random", "tpe", "ctpe", "hyperopt-fail", "optuna-tpe", "optuna-nsga2"]
MORE_AT_RANDOM = 2
"""Random draws get so many times the trainings: what twice the effort would have brought."""
RANDOM_MEASUREMENTS = 10_000


def main() -> int:
    arguments = _arguments()
    known = _known(arguments.results)
    with arguments.results.open("a", encoding="utf-8") as file:
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds):
            for specification in _chosen(arguments.problems):
                for optimiser in arguments.optimisers:
                    if (_budgeted(specification).name, optimiser, seed) in known:
                        continue
                    limits = _limits(arguments, optimiser)
                    result = run(_budgeted(specification), optimiser, maker_of(optimiser), seed, limits)
                    file.write(json.dumps(result.as_row()) + "\n")
                    file.flush()
                    print(
                        f"{seed} {specification} {optimiser}: {result.improvements[-1:]} after {result.trainings} "
                        f"trainings, {result.measurements} measurements, {result.suggest_s:.1f} s",
                        file=sys.stderr,
                    )
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--problems", nargs="+", default=list(PROBLEMS))
    parser.add_argument("--optimisers", nargs="+", default=OPTIMISERS)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--trainings", type=int, default=40)
    parser.add_argument("--measurements", type=int, default=600)
    parser.add_argument("--cpu-s", type=float, default=60.0, help="of an optimiser's thinking, per run")
    return parser.parse_args()


def _limits(arguments: argparse.Namespace, optimiser: str) -> Limits:
    if optimiser == "random":
        return Limits(MORE_AT_RANDOM * arguments.trainings, RANDOM_MEASUREMENTS, arguments.cpu_s)
    return Limits(arguments.trainings, arguments.measurements, arguments.cpu_s)


def _chosen(names: list[str]) -> list[str]:
    chosen = []
    for name in names:
        problem, _, rest = name.partition("/")
        if problem not in PROBLEMS or (rest and rest.partition("/")[0] not in SHAPES):
            sys.exit(f"--problems: must be of {', '.join(SPECIFICATIONS)}, but got {name}")
        chosen += [name] if rest else [each for each in SPECIFICATIONS if each.startswith(f"{name}/")]
    return chosen


def _known(results: Path) -> set[tuple[str, str, int]]:
    lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    rows = [json.loads(line) for line in lines]
    return {(row["problem"], row["optimiser"], row["seed"]) for row in rows}


@cache
def _budgeted(specification: str) -> Budgeted:
    name, shape, share = specification.split("/")
    return budgeted(_problem(name), shape, float(share))


@cache
def _problem(name: str) -> Problem:
    return PROBLEMS[name]()


if __name__ == "__main__":
    sys.exit(main())
