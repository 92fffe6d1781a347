"""The best feasible loss against trainings, one small plot per problem."""

from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from search_bench.summary import Groups, Row, after_trainings

COLUMNS = 5
INK, GRID = "#7a7a7a", "#7a7a7a"  # both readable on white and on black
COLOURS = {
    "ctpe": "#d55e00",
    "tpe": "#0072b2",
    "hyperopt-fail": "#56b4e9",
    "random": "#8a8a8a",
    "optuna-tpe": "#009e73",
    "optuna-gp": "#c9a800",
    "optuna-nsga2": "#cc79a7",
    "botorch-ei": "#9467bd",
    "botorch-scbo": "#8c564b",
}
OTHERS = ("#17becf", "#bcbd22", "#e377c2", "#2ca02c", "#ff9896")


def draw_figure(runs: Groups, problems: list[str], optimisers: list[str], file: Path, trainings: int) -> None:
    """Write an SVG or PNG without a background: medians as lines, quartiles as bands."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.hashsalt": "0", "svg.fonttype": "none", "font.size": 8})
    from matplotlib import pyplot

    rows = -(-len(problems) // COLUMNS)
    figure, axes = pyplot.subplots(rows, COLUMNS, figsize=(2.6 * COLUMNS, 2.2 * rows + 0.5), squeeze=False)
    others = iter(OTHERS)
    colours = {name: COLOURS.get(name) or next(others) for name in optimisers}
    for plot in axes.flat[len(problems) :]:
        plot.set_visible(False)
    for problem, plot in zip(problems, axes.flat, strict=False):
        _frame(plot, problem)
        for name in optimisers:
            if problem_runs := runs.get((problem, name)):
                _curve(plot, problem_runs, trainings, name, colours[name])
    handles = [pyplot.Line2D([], [], color=colours[name], label=name) for name in optimisers]
    figure.legend(handles=handles, loc="lower center", ncol=len(handles), frameon=False, labelcolor=INK)
    height = 2.2 * rows + 0.5
    figure.text(0.5, 0.3 / height, "trainings", color=INK, ha="center")
    figure.text(0.004, 0.5, "best feasible loss, %", color=INK, va="center", rotation="vertical")
    figure.tight_layout(rect=(0.015, 0.4 / height, 1.0, 1.0))
    figure.savefig(file, transparent=True, metadata={"Date": None} if file.suffix == ".svg" else None)


def _frame(plot: Any, problem: str) -> None:
    plot.set_title(problem, color=INK, fontsize=8)
    plot.grid(color=GRID, alpha=0.25, linewidth=0.5)
    plot.tick_params(colors=INK)
    for spine in plot.spines.values():
        spine.set_color(INK)


def _curve(plot: Any, runs: list[Row], trainings: int, name: str, colour: str) -> None:
    steps = np.arange(1, trainings + 1)
    losses = 100.0 * np.array([[after_trainings(run, step) for run in runs] for step in steps])
    lower, median, upper = np.quantile(losses, [0.25, 0.5, 0.75], axis=1, method="nearest")
    shown = np.array([isfinite(value) for value in upper])
    width = 2.0 if name == "ctpe" else 1.1
    plot.plot(steps[shown], median[shown], color=colour, linewidth=width)
    plot.fill_between(steps[shown], lower[shown], upper[shown], color=colour, alpha=0.12, linewidth=0)
