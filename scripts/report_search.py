#!/usr/bin/env python3
"""Make the tables, and the figure, of runs that `bench_search.py` made.

Usage: .venv/bin/python scripts/report_search.py RESULTS.jsonl ... [--figure FILE.svg] [--ours NAME] [--trainings N ...]

The figure needs matplotlib (`scripts/bench_search_requirements.txt`).
"""

import argparse
from math import inf
from pathlib import Path

from search_bench.figure import draw_figure
from search_bench.summary import Groups, Spread, after_trainings, at_cost, compared, read_runs
from search_bench.trade_offs import trade_off_table

MARGIN = 0.005
"""Half a percentage point of error rate: what two trainings of one network may differ by."""

MEASUREMENT_COSTS = (0.1, 0.02)
TWICE = 2

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
    for problem in problems:
        print(_reached(runs, problem, optimisers, arguments.trainings))
    print(_verdicts(runs, problems, optimisers, arguments.ours, max(arguments.trainings)))
    print(
        trade_off_table(runs, problems, [name for name in TRADE_OFFS if name in optimisers], max(arguments.trainings))
    )
    if arguments.figure:
        draw_figure(runs, problems, optimisers, arguments.figure, max(arguments.trainings))


def _reached(runs: Groups, problem: str, optimisers: list[str], trainings: list[int]) -> str:
    """Give a table: best loss after so many trainings and at a total cost, and what the search took."""
    last = max(trainings)
    columns = ["optimiser", "seeds"]
    columns += [f"{count} trainings" for count in trainings]
    columns += [f"cost {last}, measuring {cost:g}" for cost in MEASUREMENT_COSTS]
    columns += ["trained", "measured", "did not fit", "repeats"]
    lines = [f"\n**{problem}**\n", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
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


def _verdicts(runs: Groups, problems: list[str], optimisers: list[str], ours: str, trainings: int) -> str:
    """Give a table: mean difference to each peer in percentage points, with its interval and what that proves."""
    peers = [name for name in optimisers if name != ours]
    heads = [f"{name}, {TWICE * trainings if name == 'random' else trainings} trainings" for name in peers]
    lines = ["", f"| problem | {' | '.join(heads)} |", "|---" * (len(peers) + 1) + "|"]
    for problem in problems:
        if (problem, ours) not in runs:
            continue
        cells = [_verdict(runs, problem, ours, peer, trainings) for peer in peers]
        lines.append(f"| {problem} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _verdict(runs: Groups, problem: str, ours: str, peer: str, trainings: int) -> str:
    if (problem, peer) not in runs:
        return "not run"
    both = runs[problem, ours] + runs[problem, peer]
    worst = max(row["improvements"][0][2] for row in both if row["improvements"])
    peer_trainings = TWICE * trainings if peer == "random" else trainings
    found = compared(runs[problem, ours], runs[problem, peer], trainings, peer_trainings, worst)
    low, high = (100.0 * each for each in found.interval)
    return f"{100.0 * found.difference:+.2f} [{low:+.2f}, {high:+.2f}] {found.verdict(MARGIN)} ({found.seeds})"


if __name__ == "__main__":
    main()
