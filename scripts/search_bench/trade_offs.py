"""What a search under budgets finds beside one that looks for trade-offs between everything, budgets unknown."""

from collections.abc import Sequence

import numpy as np

from orchestrator.search.hypervolume import hypervolume
from search_bench.summary import Groups, Row, Spread, after_trainings


def trade_off_table(runs: Groups, problems: list[str], optimisers: Sequence[str], trainings: int) -> str:
    """Give a table of medians over seeds; all have had that many trainings.

    The hypervolume is that of what fits, between loss and the shares of all budgets used: 1 would be no error with
    nothing used of any budget.
    """
    heads = ["problem", "search", "seeds", "accuracy under the budgets", "found nothing", "hypervolume"]
    heads += ["did not fit", "trainings wasted"]
    lines = ["", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for problem in problems:
        for name in optimisers:
            if rows := runs.get((problem, name)):
                lines.append(f"| {problem} | {name} | {' | '.join(_cells(rows, trainings))} |")
    return "\n".join(lines)


def _cells(rows: list[Row], trainings: int) -> list[str]:
    losses = Spread.of(after_trainings(row, trainings) for row in rows)
    nothing = sum(not row["improvements"] for row in rows)
    volume = Spread.of(volume_under(row["front"]) for row in rows).median
    unfit = Spread.of(row["infeasible"] / row["measurements"] for row in rows).median
    wasted = Spread.of(row["wasted"] / row["trainings"] for row in rows).median
    accuracy = "none" if losses.median == float("inf") else f"{1.0 - losses.median:.2%}"
    return [str(len(rows)), accuracy, f"{nothing} of {len(rows)}", f"{volume:.3f}", f"{unfit:.0%}", f"{wasted:.0%}"]


def volume_under(front: Sequence[Sequence[float]]) -> float:
    """Give the volume between some points and 1 in each coordinate."""
    return hypervolume(np.array(front), [1.0] * len(front[0])) if front else 0.0
