"""What a search under budgets finds beside one that looks for trade-offs between everything, budgets unknown."""

from collections.abc import Sequence

from search_bench.summary import Groups, Row, Spread, after_trainings

Point = Sequence[float]


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
    volume = Spread.of(hypervolume(row["front"]) for row in rows).median
    unfit = Spread.of(row["infeasible"] / row["measurements"] for row in rows).median
    wasted = Spread.of(row["wasted"] / row["trainings"] for row in rows).median
    accuracy = "none" if losses.median == float("inf") else f"{1.0 - losses.median:.2%}"
    return [str(len(rows)), accuracy, f"{nothing} of {len(rows)}", f"{volume:.3f}", f"{unfit:.0%}", f"{wasted:.0%}"]


def hypervolume(points: Sequence[Point]) -> float:
    """Give the volume of what some points dominate, up to 1 in each coordinate, all to be small; slice by slice."""
    inside = sorted((point for point in points if all(each < 1.0 for each in point)), key=lambda point: point[-1])
    if not inside:
        return 0.0
    if len(inside[0]) == 1:
        return 1.0 - inside[0][0]
    ends = [point[-1] for point in inside[1:]] + [1.0]
    return sum(
        (end - point[-1]) * hypervolume([each[:-1] for each in inside[: number + 1]])
        for number, (point, end) in enumerate(zip(inside, ends, strict=True))
        if end > point[-1]
    )
