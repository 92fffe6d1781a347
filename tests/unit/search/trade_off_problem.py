"""Loss against flash on the made-up problem, whose other limits are to be kept: hypervolume of what was found.

`python -m tests.unit.search.trade_off_problem` compares the algorithms on it.
"""

from collections.abc import Callable
from functools import partial
from statistics import mean
from typing import Any

import hyperopt
import numpy as np
from hyperopt import rand

from orchestrator.search import constrained_tpe, nsga2, scalarised_tpe, svm_cbo
from orchestrator.search.hypervolume import budgeted_hypervolume
from orchestrator.search.observation import Observation
from tests.unit.search.constrained_problem import SPACE, TRAINING_LABELS, loss_of, violations_of

ONLY_LIMITS = frozenset({"latency", "ram"})

BEST = 0.8336
"""Of all architectures that fit, each with the best rate."""


def hypervolumes_after(suggest: Callable[..., Any], measured: tuple[int, ...], seed: int) -> list[float]:
    """Give the hypervolume after so many measurements; what fits is trained as well."""
    observed: list[Observation] = []

    def evaluate(point: dict[str, Any]) -> dict[str, Any]:
        violations = violations_of(point)
        observed.append(Observation(loss_of(point), violations))
        if not observed[-1].fits:
            return {"status": "fail", "constraints": violations}
        return {"status": "ok", "loss": observed[-1].loss, "constraints": violations}

    rng = np.random.default_rng(seed)
    hyperopt.fmin(evaluate, SPACE, suggest, max(measured), rstate=rng, show_progressbar=False, return_argmin=False)
    return [budgeted_hypervolume(observed[:count], ["flash"]) for count in measured]


ALGORITHMS = {
    "random": rand.suggest,
    "ctpe": partial(constrained_tpe.suggest, training_labels=TRAINING_LABELS),
    "svm-cbo": partial(svm_cbo.suggest, training_labels=TRAINING_LABELS),
    "nsga2": partial(nsga2.suggest, training_labels=TRAINING_LABELS, only_limits=ONLY_LIMITS),
    "scalarised-tpe": partial(scalarised_tpe.suggest, training_labels=TRAINING_LABELS, only_limits=ONLY_LIMITS),
}


def compare(measured: tuple[int, ...] = (50, 100, 200), seeds: int = 10) -> None:
    """Print the mean hypervolume over all seeds."""
    print("| algorithm |" + "".join(f" {count} measured |" for count in measured))
    print("|---" * (len(measured) + 1) + "|")
    for name, algorithm in ALGORITHMS.items():
        found = [hypervolumes_after(algorithm, measured, seed) for seed in range(seeds)]
        means = "".join(f" {mean(each):.3f} |" for each in zip(*found, strict=True))
        print(f"| {name} |{means}", flush=True)


if __name__ == "__main__":
    compare()
