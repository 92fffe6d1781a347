"""Optuna's samplers with constraints, asked and told.

Optuna wants a value of every trial. What was not trained is told the worst loss that any training has given so far:
TPE and NSGA-II order such trials by their violations alone, the Gaussian process does see that value.
"""

import warnings
from typing import Any

import numpy as np
import optuna
from optuna.trial import Trial, TrialState

from orchestrator.search.dimensions import Dimension, Kind
from orchestrator.search.observation import Observation
from search_bench.enumeration import Drawn
from search_bench.labels import Labels
from search_bench.optimisers import Setting

STARTUP = 10
POPULATION = 10
MULTI_OBJECTIVE = "multi-objective"


def _sampler(name: str, seed: int) -> Any:
    if name == "tpe":
        return optuna.samplers.TPESampler(n_startup_trials=STARTUP, seed=seed)
    if name == "tpe-joint":
        return optuna.samplers.TPESampler(n_startup_trials=STARTUP, multivariate=True, group=True, seed=seed)
    if name == "gp":
        return optuna.samplers.GPSampler(n_startup_trials=STARTUP, seed=seed)
    if name in ("nsga2", MULTI_OBJECTIVE):
        return optuna.samplers.NSGAIISampler(population_size=POPULATION, seed=seed)
    raise KeyError(name)


class OptunaOptimiser:
    """See `optimisers.Optimiser`; `tpe`, `tpe-joint`, `gp`, `nsga2`.

    `multi-objective` is NSGA-II over the loss and all metrics, which knows no budgets.
    """

    def __init__(self, setting: Setting, name: str) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        self._labels = Labels(setting.space)
        self._is_multi = name == MULTI_OBJECTIVE
        directions = ["minimize"] * (1 + len(setting.metrics) if self._is_multi else 1)
        self._study = optuna.create_study(sampler=_sampler(name, setting.seed), directions=directions)
        self._open: dict[int, Trial] = {}
        self._worst = 0.0

    def ask(self, given: Drawn | None = None) -> tuple[int, Drawn]:
        """See `Optimiser`."""
        if given is not None:
            named = {each.label: each for each in self._labels.dimensions}
            self._study.enqueue_trial({label: _parameter(named[label], value) for label, value in given.items()})
        trial = self._study.ask()
        self._open[trial.number] = trial
        drawn: Drawn = {}
        for dimension in self._labels.dimensions:
            if self._labels.is_active(dimension, drawn):
                drawn[dimension.label] = _suggested(trial, dimension)
        return trial.number, drawn

    def tell(self, ticket: int, observation: Observation) -> None:
        """See `Optimiser`."""
        trial = self._open.pop(ticket)
        if self._is_multi:
            self._study.tell(trial, [observation.loss, *observation.violations.values()])
            return
        for name, violation in observation.violations.items():
            trial.set_constraint(name, violation)
        if observation.loss is not None:
            self._worst = max(self._worst, observation.loss)
        self._study.tell(trial, self._worst if observation.loss is None else observation.loss)

    def forget(self, ticket: int) -> None:
        """See `Optimiser`."""
        self._study.tell(self._open.pop(ticket), state=TrialState.FAIL)


def _suggested(trial: Trial, dimension: Dimension) -> float:
    if dimension.kind is Kind.NUMERIC:
        low, high = _bounds(dimension)
        value = trial.suggest_float(dimension.label, low, high, log=dimension.log)
        return value if dimension.step is None else round(value / dimension.step) * dimension.step
    last = dimension.cell_count - 1
    if dimension.kind is Kind.ORDINAL:
        cell = trial.suggest_int(dimension.label, 0, last)
    else:
        cell = trial.suggest_categorical(dimension.label, list(range(last + 1)))
    return int(dimension.levels[cell]) if dimension.whole else dimension.levels[cell]


def _parameter(dimension: Dimension, value: float) -> float:
    if dimension.kind is Kind.NUMERIC:
        return float(np.clip(value, *_bounds(dimension)))
    return dimension.cell_of(value)


def _bounds(dimension: Dimension) -> tuple[float, float]:
    assert dimension.prior is not None and dimension.prior.normal is None, dimension.label
    low, high = dimension.prior.low, dimension.prior.high
    return (float(np.exp(low)), float(np.exp(high))) if dimension.log else (low, high)
