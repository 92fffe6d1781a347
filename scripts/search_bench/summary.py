"""Runs as numbers: what was reached after so many trainings, at so much cost, and how two optimisers compare."""

import json
import lzma
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf, isfinite, isnan, nan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Row = dict[str, Any]
Groups = dict[tuple[str, str], list[Row]]
"""(problem, optimiser) -> runs, by seed."""

Best = Callable[[Row], float]
"""From a run to the best loss by some measure of effort."""

RESAMPLES = 2_000
FEWEST_SEEDS = 5


def read_runs(paths: Iterable[Path]) -> Groups:
    """Read files of results, compressed or not; of equal runs the last counts."""
    rows: dict[tuple[str, str, int], Row] = {}
    for path in paths:
        for line in _text(path).splitlines():
            row = json.loads(line)
            rows[row["problem"], row["optimiser"], row["seed"]] = row
    groups: Groups = defaultdict(list)
    for (problem, optimiser, _), row in sorted(rows.items(), key=lambda item: item[0]):
        groups[problem, optimiser].append(row)
    return dict(groups)


def _text(path: Path) -> str:
    content = path.read_bytes()
    return (lzma.decompress(content) if path.suffix == ".xz" else content).decode()


def after_trainings(row: Row, trainings: int) -> float:
    """Give the best loss after so many trainings, infinite where nothing was trained by then.

    A run that ended earlier keeps what it had: it found nothing more within its limits.
    """
    return min((loss for done, _, loss in row["improvements"] if done <= trainings), default=inf)


def at_cost(row: Row, cost: float, measurement: float) -> float:
    """Give the best loss at a total cost in trainings, when a measurement costs that share of one.

    Not a number where the run ended at less cost for another reason than that nothing was left.
    """
    best = min(
        (loss for done, measured, loss in row["improvements"] if done + measurement * measured <= cost), default=inf
    )
    spent = row["trainings"] + measurement * row["measurements"]
    return nan if spent < cost and row["ended_by"] != "exhausted" else best


@dataclass(frozen=True)
class Spread:
    """Median and quartiles over seeds, with a bootstrap interval (95 %) of the median."""

    median: float
    lower: float
    upper: float
    interval: tuple[float, float]
    count: int

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        known = np.array([each for each in values if not np.isnan(each)])
        if not len(known):
            return cls(nan, nan, nan, (nan, nan), 0)
        lower, median, upper = np.quantile(known, [0.25, 0.5, 0.75], method="nearest")
        return cls(float(median), float(lower), float(upper), bootstrap_interval(known, _median), len(known))


def _median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.quantile(values, 0.5, axis=-1, method="nearest"))


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(values.mean(axis=-1))


def bootstrap_interval(
    values: NDArray[np.float64], statistic: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> tuple[float, float]:
    """Give the middle 95 % of a statistic over resamples of the seeds."""
    draws = np.random.default_rng(0).choice(values, size=(RESAMPLES, len(values)))
    low, high = np.quantile(statistic(draws), [0.025, 0.975], method="nearest")
    return float(low), float(high)


@dataclass(frozen=True)
class Comparison:
    """Our best loss less a peer's, the mean over seeds, with a bootstrap interval (95 %); negative: ours is better."""

    difference: float
    interval: tuple[float, float]
    seeds: int

    def verdict(self, margin: float) -> str:
        """Say what the interval proves."""
        low, high = self.interval
        if self.seeds < FEWEST_SEEDS:
            return "too few seeds"
        if high < 0.0:
            return "better"
        if high <= margin:
            return "not worse"
        return "worse" if low > 0.0 else "open"


def compared(ours: list[Row], peers: list[Row], our_best: Best, their_best: Best, worst: float) -> Comparison:
    """Pair runs by seed; where nothing was trained, `worst` counts."""
    theirs = {row["seed"]: their_best(row) for row in peers}
    pairs = [(our_best(row), theirs[row["seed"]]) for row in ours if row["seed"] in theirs]
    known = [(a, b) for a, b in pairs if not (isnan(a) or isnan(b))]
    differences = np.array([_finite(a, worst) - _finite(b, worst) for a, b in known])
    if not len(differences):
        return Comparison(nan, (nan, nan), 0)
    return Comparison(float(differences.mean()), bootstrap_interval(differences, _mean), len(differences))


def _finite(loss: float, worst: float) -> float:
    return loss if isfinite(loss) else worst
