#!/usr/bin/env python3
"""Make the tables, and the figure, of runs that `bench_search.py` made.

Usage: .venv/bin/python scripts/report_search.py RESULTS.jsonl ... [--figure FILE.svg] [--ours NAME] [--trainings N ...]

The figure needs matplotlib (`scripts/bench_search_requirements.txt`).
"""

import argparse
from functools import partial
from math import inf
from pathlib import Path

from search_bench.figure import draw_figure
from search_bench.optimisers import BLIND
from search_bench.summary import Best, Groups, Spread, after_trainings, at_cost, compared, read_runs
from search_bench.trade_offs import trade_off_table

MARGIN = 0.005
"""Half a percentage point of error rate: what two trainings of one network may differ by."""

MEASUREMENT_COSTS = (0.1, 0.02)
TWICE = 2

HEAD = """# Search algorithms on problems with budgets

Made by `scripts/report_search.py`; [search.md](../search.md) says what was compared, and how to do it again. A problem
is NAME/SHAPE/SHARE: limited in that shape so that that share of its space fits. Losses are error rates in percent.

## {ours} beside each of the others

The mean over seeds of its best loss less the other's, in percentage points, with a bootstrap interval (95 %) and the
number of seeds; below zero, {ours} is better. *better*: all of the interval is below zero; *not worse*: it ends below
{margin:.1f}; *worse*: all of it is above zero; *open*: none of these."""

AT_COST = """
The same at a total cost of {cost} trainings, when a measurement costs {measurement} of one:"""

REACHED = """
## What was reached

Median of the best loss (quartiles) [bootstrap interval of the median], after so many trainings; then at a total cost of
as many trainings, a measurement costing that share of one (-: no run went on for so long)."""

TRADE_OFFS = ("ctpe", "optuna-nsga2", "optuna-multi-objective", "random-blind")
"""Two searches under budgets, and two that know none."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="+")
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--ours", default="ctpe")
    parser.add_argument("--trainings", type=int, nargs="+", default=[10, 20, 40])
    arguments = parser.parse_args()
    runs = read_runs(arguments.results)
    problems = list(dict.fromkeys(problem for problem, _ in runs))
    optimisers = list(dict.fromkeys(optimiser for _, optimiser in runs))
    last = max(arguments.trainings)
    print(HEAD.format(ours=arguments.ours, margin=100.0 * MARGIN))
    peers = [name for name in optimisers if name not in (arguments.ours, *BLIND)]
    print(_verdicts(runs, problems, arguments.ours, _by_trainings(peers, last)))
    print(AT_COST.format(cost=last, measurement=MEASUREMENT_COSTS[0]))
    print(_verdicts(runs, problems, arguments.ours, _by_cost(peers, last)))
    print(f"\n## Under budgets, and without\n{trade_off_table(runs, problems, TRADE_OFFS, last)}\n{REACHED}")
    for problem in problems:
        print(_reached(runs, problem, optimisers, arguments.trainings))
    if arguments.figure:
        draw_figure(runs, problems, [arguments.ours, *peers], arguments.figure, last)


def _reached(runs: Groups, problem: str, optimisers: list[str], trainings: list[int]) -> str:
    """Give a table: what `REACHED` says, and what the search took."""
    last = max(trainings)
    columns = ["optimiser", "seeds"]
    columns += [f"{count} trainings" for count in trainings]
    columns += [f"cost {last}, measuring {cost:g}" for cost in MEASUREMENT_COSTS]
    columns += ["trained", "measured", "did not fit", "repeats"]
    lines = [f"\n### {problem}\n", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for optimiser in optimisers:
        if not (rows := runs.get((problem, optimiser))):
            continue
        cells = [optimiser, str(len(rows))]
        cells += [_spread(Spread.of(after_trainings(row, count) for row in rows)) for count in trainings]
        cells += [_short(Spread.of(at_cost(row, last, cost) for row in rows)) for cost in MEASUREMENT_COSTS]
        cells += [f"{Spread.of(row[name] for row in rows).median:.0f}" for name in ("trainings", "measurements")]
        cells += [f"{Spread.of(100.0 * row['infeasible'] / row['measurements'] for row in rows).median:.0f} %"]
        cells += [f"{Spread.of(row['repeats'] for row in rows).median:.0f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _spread(spread: Spread) -> str:
    """Median (quartiles) [bootstrap interval of the median], in percent."""
    low, high = spread.interval
    quartiles, interval = f"{_percent(spread.lower)}-{_percent(spread.upper)}", f"{_percent(low)}-{_percent(high)}"
    return f"{_percent(spread.median)} ({quartiles}) [{interval}]"


def _short(spread: Spread) -> str:
    return _percent(spread.median) if spread.count else "-"


def _percent(loss: float) -> str:
    return "none" if loss == inf else f"{100.0 * loss:.2f}"


def _verdicts(runs: Groups, problems: list[str], ours: str, bests: dict[str, tuple[str, Best, Best]]) -> str:
    """Give a table of differences.

    Args:
        bests: by peer the head of its column, and what counts of our runs and of its.
    """
    lines = ["", f"| problem | {' | '.join(head for head, _, _ in bests.values())} |", "|---" * (len(bests) + 1) + "|"]
    for problem in problems:
        cells = [_verdict(runs, (problem, ours), (problem, peer), *each[1:]) for peer, each in bests.items()]
        lines.append(f"| {problem} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _verdict(runs: Groups, ours: tuple[str, str], peer: tuple[str, str], our_best: Best, their_best: Best) -> str:
    if ours not in runs or peer not in runs:
        return "not run"
    both = runs[ours] + runs[peer]
    worst = max(row["improvements"][0][2] for row in both if row["improvements"])
    found = compared(runs[ours], runs[peer], our_best, their_best, worst)
    low, high = (100.0 * each for each in found.interval)
    return f"{100.0 * found.difference:+.2f} [{low:+.2f}, {high:+.2f}] {found.verdict(MARGIN)} ({found.seeds})"


def _by_trainings(peers: list[str], trainings: int) -> dict[str, tuple[str, Best, Best]]:
    ours = partial(after_trainings, trainings=trainings)
    return {
        name: (f"{name}, {count} trainings", ours, partial(after_trainings, trainings=count))
        for name in peers
        for count in [TWICE * trainings if name == "random" else trainings]
    }


def _by_cost(peers: list[str], cost: int) -> dict[str, tuple[str, Best, Best]]:
    best = partial(at_cost, cost=cost, measurement=MEASUREMENT_COSTS[0])
    return {name: (name, best, best) for name in peers}


if __name__ == "__main__":
    main()
