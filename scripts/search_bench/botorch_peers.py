"""BoTorch's Gaussian processes: constrained expected improvement, and SCBO.

One process per constraint over everything that was measured, one for the loss over what was trained. BoTorch has no
optimiser for conditional spaces: the acquisition's best is taken of draws from the prior and of mutations of the best
points; for SCBO of mutations within its trust region, whose length is the share of labels that are redrawn.

    ei    expected improvement times the chance to fit: J. Gardner et al., "Bayesian Optimization with Inequality
          Constraints" (ICML 2014)
    scbo  D. Eriksson and M. Poloczek, "Scalable Constrained Bayesian Optimization" (AISTATS 2021)
"""

from typing import Any

import numpy as np
import torch
from botorch.acquisition.analytic import LogConstrainedExpectedImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.generation.sampling import ConstrainedMaxPosteriorSampling
from botorch.models import ModelListGP, SingleTaskGP
from botorch.models.transforms import Standardize
from gpytorch.mlls import ExactMarginalLogLikelihood
from torch import Tensor

from orchestrator.search.dimensions import Dimension, Kind
from orchestrator.search.observation import Observation
from search_bench.enumeration import Drawn, drawn_key
from search_bench.labels import Labels
from search_bench.optimisers import Setting

STARTUP = 10
DRAWS, MUTATIONS, PARENTS = 800, 400, 5
FIT_STEPS = 20
LONGEST, SHORTEST, FIRST_LENGTH = 1.0, 0.05, 0.5
SUCCESSES, FAILURES = 3, 8


class BotorchOptimiser:
    """See `optimisers.Optimiser`; `ei`, `scbo`."""

    def __init__(self, setting: Setting, name: str) -> None:
        if name not in ("ei", "scbo"):
            raise KeyError(name)
        torch.set_num_threads(1)
        torch.manual_seed(setting.seed)
        self._is_scbo = name == "scbo"
        self._labels = Labels(setting.space)
        self._rng = np.random.default_rng([setting.seed, 3])
        self._points: list[Drawn] = []
        self._outcomes: dict[int, Observation] = {}
        self._seen: set[str] = set()
        self._region = _Region()

    def ask(self, given: Drawn | None = None) -> tuple[int, Drawn]:
        """See `Optimiser`."""
        drawn = given if given is not None else self._proposal()
        self._points.append(drawn)
        self._seen.add(drawn_key(drawn))
        return len(self._points) - 1, drawn

    def tell(self, ticket: int, observation: Observation) -> None:
        """See `Optimiser`."""
        before = min(map(_rank, self._outcomes.values()), default=(np.inf, np.inf))
        self._outcomes[ticket] = observation
        self._region.note(_rank(observation) < before)

    def forget(self, ticket: int) -> None:
        """See `Optimiser`."""

    def _proposal(self) -> Drawn:
        if len(self._outcomes) < STARTUP:
            return self._labels.draw(1, self._rng)[0]
        pool = [drawn for drawn in self._pool() if drawn_key(drawn) not in self._seen]
        if not pool:
            return self._labels.draw(1, self._rng)[0]
        return pool[self._chosen(self._encoded(pool))]

    def _pool(self) -> list[Drawn]:
        best = sorted(self._outcomes, key=lambda ticket: _rank(self._outcomes[ticket]))
        if self._is_scbo:
            return self._mutations([best[0]], DRAWS, self._region.length)
        return self._labels.draw(DRAWS, self._rng) + self._mutations(best[:PARENTS], MUTATIONS, 0.2)

    def _mutations(self, parents: list[int], count: int, share: float) -> list[Drawn]:
        others = self._labels.draw(count, self._rng)
        picked = self._rng.choice(parents, size=count)
        return [self._mutated(self._points[parent], other, share) for parent, other in zip(picked, others, strict=True)]

    def _mutated(self, parent: Drawn, other: Drawn, share: float) -> Drawn:
        """Redraw a share of the labels, and those that other choices make active."""
        child: Drawn = {}
        for dimension in self._labels.dimensions:
            label = dimension.label
            if not self._labels.is_active(dimension, child):
                continue
            if label in parent and self._rng.random() >= share:
                child[label] = parent[label]
            else:
                child[label] = other[label] if label in other else self._draw(dimension)
        return child

    def _draw(self, dimension: Dimension) -> float:
        cell = int(self._rng.choice(dimension.cell_count, p=np.array(dimension.probabilities)))
        value = dimension.value_in(cell, self._rng.random())
        return int(value) if dimension.whole else value

    def _chosen(self, pool: Tensor) -> int:
        trained = [ticket for ticket, each in self._outcomes.items() if each.loss is not None]
        names = sorted(next(iter(self._outcomes.values())).violations)
        everything = self._encoded([self._points[ticket] for ticket in self._outcomes])
        models = [
            _fitted(everything, [_bilog(each.violations[name]) for each in self._outcomes.values()]) for name in names
        ]
        if not trained:
            return int(_log_chance(models, pool).argmax())
        gains = [-float(self._outcomes[ticket].loss or 0.0) for ticket in trained]
        objective = _fitted(self._encoded([self._points[ticket] for ticket in trained]), gains)
        with torch.no_grad():
            if self._is_scbo:
                return _thompson_sample(objective, models, pool)
            acquisition = LogConstrainedExpectedImprovement(
                ModelListGP(objective, *models),
                best_f=max(gains),
                objective_index=0,
                constraints=dict.fromkeys(range(1, len(models) + 1), (None, 0.0)),
            )
            return int(acquisition(pool.unsqueeze(1)).argmax())

    def _encoded(self, points: list[Drawn]) -> Tensor:
        """Choices as one column per option, numbers in [0, 1]; what is inactive as zeros, or in the middle."""
        return torch.tensor(
            [[x for each in self._labels.dimensions for x in _columns(each, p)] for p in points]
        ).double()


class _Region:
    """SCBO's trust region: longer after successes in a row, shorter after failures."""

    def __init__(self) -> None:
        self.length = FIRST_LENGTH
        self._successes = self._failures = 0

    def note(self, is_success: bool) -> None:
        self._successes = self._successes + 1 if is_success else 0
        self._failures = 0 if is_success else self._failures + 1
        if self._successes == SUCCESSES:
            self.length, self._successes = min(2.0 * self.length, LONGEST), 0
        elif self._failures == FAILURES:
            self.length, self._failures = self.length / 2.0, 0
        if self.length < SHORTEST:
            self.length = FIRST_LENGTH


def _rank(observation: Observation) -> tuple[float, float]:
    """Order what fits by loss, before what does not by its excess."""
    excess = sum(max(0.0, each) for each in observation.violations.values())
    return (excess, np.inf if observation.loss is None else observation.loss)


def _columns(dimension: Dimension, drawn: Drawn) -> list[float]:
    value = drawn.get(dimension.label)
    if dimension.kind is Kind.CATEGORICAL:
        cell = None if value is None else dimension.cell_of(value)
        return [float(number == cell) for number in range(dimension.cell_count)]
    return [0.5 if value is None else float(dimension.positions[dimension.cell_of(value)])]


def _bilog(violation: float) -> float:
    """Magnify what is near the limit, as SCBO does."""
    return float(np.sign(violation) * np.log1p(abs(violation)))


def _fitted(x: Tensor, values: list[float]) -> Any:
    y = torch.tensor(values).double().unsqueeze(-1)
    model = SingleTaskGP(x, y, outcome_transform=Standardize(m=1) if len(values) > 1 else None)
    fit_gpytorch_mll(
        ExactMarginalLogLikelihood(model.likelihood, model), optimizer_kwargs={"options": {"maxiter": FIT_STEPS}}
    )
    return model


def _log_chance(models: list[Any], pool: Tensor) -> Tensor:
    with torch.no_grad():
        posteriors = [model.posterior(pool) for model in models]
        terms = [torch.special.log_ndtr(-each.mean / each.variance.sqrt()).squeeze(-1) for each in posteriors]
    return torch.stack(terms).sum(dim=0)


def _thompson_sample(objective: Any, constraints: list[Any], pool: Tensor) -> int:
    sampling = ConstrainedMaxPosteriorSampling(objective, constraint_model=ModelListGP(*constraints), replacement=False)
    chosen = sampling(pool, num_samples=1)
    return int((pool == chosen).all(dim=-1).nonzero()[0])
