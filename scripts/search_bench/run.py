"""One optimiser on one problem from one seed: measure first, train what fits."""

import time
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from orchestrator.search.observation import Observation
from orchestrator.search.study import SpaceExhaustedError
from search_bench.enumeration import Drawn, drawn_key
from search_bench.labels import Labels
from search_bench.optimisers import BLIND, Make, Setting
from search_bench.problem import Budgeted, fits

GIVEN = 5
"""Points that all optimisers start from, drawn from the prior by the seed alone."""

MOST_REPEATS = 30
"""After so many repeats one after another a draw from the prior takes the place of a proposal."""


@dataclass(frozen=True)
class Limits:
    """When a run ends: whichever comes first.

    Attributes:
        cpu_s: of the optimiser's own thinking.
    """

    trainings: int
    measurements: int
    cpu_s: float


@dataclass
class Run:
    """What came of it.

    Attributes:
        improvements: trainings and measurements so far, and the best loss, whenever a better one was found.
        wasted: trainings of what does not fit, by those who know no budgets.
        front: of what fits and was trained, what nothing else beats in everything: loss, and value / limit per metric.
        repeats: proposals that were known already, which cost nothing.
        replaced: proposals whose place a draw from the prior took.
    """

    problem: str
    optimiser: str
    seed: int
    improvements: list[tuple[int, int, float]] = field(default_factory=list)
    trainings: int = 0
    measurements: int = 0
    infeasible: int = 0
    wasted: int = 0
    front: list[tuple[float, ...]] = field(default_factory=list)
    repeats: int = 0
    replaced: int = 0
    suggest_s: float = 0.0
    ended_by: str = "trainings"

    def as_row(self) -> dict[str, Any]:
        """Give what the file of results holds."""
        rounded = [(trainings, measurements, round(loss, 5)) for trainings, measurements, loss in self.improvements]
        front = [[round(each, 5) for each in point] for point in sorted(self.front)]
        return asdict(self) | {"improvements": rounded, "front": front, "suggest_s": round(self.suggest_s, 2)}

    def add(self, loss: float, violations: dict[str, float]) -> None:
        """Count a training of what fits."""
        if not self.improvements or loss < self.improvements[-1][2]:
            self.improvements.append((self.trainings, self.measurements, loss))
        point = (loss, *(1.0 + each for each in violations.values()))
        if not any(_is_no_worse(other, point) for other in self.front):
            self.front = [*(other for other in self.front if not _is_no_worse(point, other)), point]


def _is_no_worse(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True))


def run(budgeted: Budgeted, name: str, make: Make, seed: int, limits: Limits) -> Run:
    """Let an optimiser search."""
    return _Runner(budgeted, name, make, seed, limits).run()


class _Runner:
    def __init__(self, budgeted: Budgeted, name: str, make: Make, seed: int, limits: Limits) -> None:
        problem = budgeted.problem
        self._budgeted = budgeted
        self._limits = limits
        self._labels = Labels(problem.space)
        self._rng = np.random.default_rng([seed, 1])
        self._optimiser = make(Setting(problem.space, problem.training_labels, problem.metrics, seed, limits.trainings))
        self._is_blind = name in BLIND
        self._known: set[str] = set()
        self._violations: dict[str, dict[str, float]] = {}
        self._run = Run(budgeted.name, name, seed)

    def run(self) -> Run:
        for drawn in self._labels.draw(GIVEN, self._rng):
            self._step(drawn)
        while (reason := self._end()) is None:
            try:
                self._step(None)
            except SpaceExhaustedError:
                reason = "exhausted"
                break
        self._run.ended_by = reason
        return self._run

    def _end(self) -> str | None:
        run, limits = self._run, self._limits
        if run.trainings >= limits.trainings:
            return "trainings"
        if run.measurements >= limits.measurements:
            return "measurements"
        return "cpu" if run.suggest_s >= limits.cpu_s else None

    def _step(self, given: Drawn | None) -> None:
        ticket, drawn = self._asked(given)
        violations = self._measured(drawn)
        does_fit = fits(violations)
        loss = self._budgeted.problem.train(drawn) if does_fit or self._is_blind else None
        if loss is not None:
            self._run.trainings += 1
            if does_fit:
                self._run.add(loss, violations)
            else:
                self._run.wasted += 1
        started = time.process_time()
        self._optimiser.tell(ticket, Observation(loss, violations))
        self._run.suggest_s += time.process_time() - started

    def _asked(self, given: Drawn | None) -> tuple[int, Drawn]:
        """Ask until a point comes that is worth a measurement or a training."""
        for _ in range(MOST_REPEATS):
            started = time.process_time()
            ticket, drawn = self._optimiser.ask(given)
            self._run.suggest_s += time.process_time() - started
            if self._is_new(drawn):
                return ticket, drawn
            self._optimiser.forget(ticket)
            self._run.repeats += 1
            given = None
        self._run.replaced += 1
        return self._optimiser.ask(self._new_draw())

    def _new_draw(self) -> Drawn:
        for _ in range(MOST_REPEATS):
            if new := [drawn for drawn in self._labels.draw(200, self._rng) if self._is_new(drawn)]:
                return new[0]
        raise SpaceExhaustedError

    def _is_new(self, drawn: Drawn) -> bool:
        """Say whether the point is unknown, and so is that its architecture does not fit."""
        if drawn_key(drawn) in self._known:
            return False
        return self._is_blind or fits(self._violations.get(self._architecture(drawn), {}))

    def _architecture(self, drawn: Drawn) -> str:
        labels = self._budgeted.problem.training_labels
        return drawn_key({label: value for label, value in drawn.items() if label not in labels})

    def _measured(self, drawn: Drawn) -> dict[str, float]:
        """Measure each architecture once."""
        self._known.add(drawn_key(drawn))
        key = self._architecture(drawn)
        if key not in self._violations:
            self._run.measurements += 1
            self._violations[key] = self._budgeted.violations(self._budgeted.problem.measure([drawn])[0])
            self._run.infeasible += not fits(self._violations[key])
        return self._violations[key]
