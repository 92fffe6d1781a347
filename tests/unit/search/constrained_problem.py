"""A made-up search problem: conditional, three constraints; most of what fits lies in the least promising branch.

`python -m tests.unit.search.constrained_problem` compares the algorithms on it.
"""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from math import exp, log, log1p
from statistics import median
from typing import Any

import hyperopt
import numpy as np
from hyperopt import hp, rand, tpe
from hyperopt.base import JOB_STATE_DONE, Domain

from orchestrator.domain.network_shape import LayerShape, NetworkShape
from orchestrator.search import greybox, svm_cbo
from orchestrator.search.constrained_tpe import STARTUP, suggest

MOST_MEASURED = 2_000


def _layer(prefix: str) -> dict[str, Any]:
    return {
        "width": hp.choice(f"{prefix}_width", [8, 16, 32, 64, 128]),
        "kind": hp.choice(f"{prefix}_kind", ["full", "cheap"]),
    }


SPACE = {
    "layers": hp.choice("layers", [[_layer(f"{n}_{i}") for i in range(n)] for n in (1, 2, 3)]),
    "dense": hp.choice("dense", [0, 16, 32, 64]),
    "rate": hp.loguniform("rate", -8, -2),
}
TRAINING_LABELS = frozenset({"rate"})


def loss_of(point: dict[str, Any]) -> float:
    """More and wider layers are better, by ever less; the rate has its optimum."""
    worth = {"full": 1.0, "cheap": 0.85}
    capacity = sum(log(layer["width"]) * worth[layer["kind"]] for layer in point["layers"])
    return 0.6 * exp(-(capacity + 0.3 * log1p(point["dense"])) / 6) + 0.02 * (log(point["rate"]) + 5.5) ** 2


def violations_of(point: dict[str, Any]) -> dict[str, float]:
    """What wide layers cost."""
    widths = [3, *(layer["width"] for layer in point["layers"])]
    share = {"full": 1.0, "cheap": 0.2}
    steps = [9 * a * b * share[layer["kind"]] for (a, b), layer in zip(pairwise(widths), point["layers"], strict=True)]
    weights = sum(steps) + widths[-1] * max(point["dense"], 10)
    operations = sum(step * 1024 / 4**depth for depth, step in enumerate(steps))
    memory = max(a + b for a, b in pairwise(widths))
    return {"flash": weights / 6_000 - 1.0, "latency": operations / 600_000 - 1.0, "ram": memory / 70 - 1.0}


def describe(point: dict[str, Any]) -> NetworkShape:
    """The same as layers; each runs by its own rules, as those of a network do."""
    widths = [3, *(layer["width"] for layer in point["layers"])]
    layers = [
        _described(layer["kind"], a, b, depth)
        for depth, ((a, b), layer) in enumerate(zip(pairwise(widths), point["layers"], strict=True))
    ]
    units = max(point["dense"], 10)
    last = LayerShape("DENSE", widths[-1], units, widths[-1], macs=widths[-1] * units, weight_bytes=widths[-1] * units)
    return NetworkShape((*layers, last))


def _described(kind: str, inputs: int, outputs: int, depth: int) -> LayerShape:
    weights = round(9 * inputs * outputs * {"full": 1.0, "cheap": 0.2}[kind])
    macs = round(weights * 1024 / 4**depth)
    return LayerShape(kind, inputs, outputs, inputs + outputs, macs=macs, window=inputs, weight_bytes=weights)


def best_after(suggest: Callable[..., Any], trainings: int, seed: int, penalised: bool) -> float:
    """Give the least loss after so many trainings of what fits; what does not is only measured."""
    domain, trials, rng = Domain(lambda point: 0.0, SPACE), hyperopt.Trials(), np.random.default_rng(seed)
    losses: dict[str, float] = {}
    for _ in range(MOST_MEASURED):
        (document,) = suggest(trials.new_trial_ids(1), domain, trials, int(rng.integers(2**31)))
        values = {label: drawn[0] for label, drawn in document["misc"]["vals"].items() if drawn}
        point = hyperopt.space_eval(SPACE, values)
        loss, violations = loss_of(point), violations_of(point)
        excess = sum(max(0.0, violation) for violation in violations.values())
        if excess == 0.0:
            losses[str(values)] = loss  # a repetition costs nobody a training
            document["result"] = {"status": "ok", "loss": loss, "constraints": violations}
        elif penalised:
            document["result"] = {"status": "ok", "loss": 10.0 + excess / (1.0 + excess)}
        else:
            document["result"] = {"status": "fail", "constraints": violations}
        document["state"] = JOB_STATE_DONE
        trials.insert_trial_docs([document])
        trials.refresh()
        if len(losses) == trainings:
            break
    return min(losses.values())


def compare(trainings: tuple[int, ...] = (20, 30, 50), seeds: int = 20) -> None:
    """Print the median of the best loss over all seeds."""
    penalty = partial(tpe.suggest, n_startup_jobs=STARTUP, verbose=False)
    constrained = partial(suggest, training_labels=TRAINING_LABELS)
    print("| algorithm |" + "".join(f" {count} trainings |" for count in trainings))
    print("|---" * (len(trainings) + 1) + "|")
    in_two_phases = partial(svm_cbo.suggest, training_labels=TRAINING_LABELS)
    described = partial(greybox.suggest, describe=describe, training_labels=TRAINING_LABELS)
    algorithms = {
        "random": rand.suggest,
        "tpe": penalty,
        "ctpe": constrained,
        "svm-cbo": in_two_phases,
        "greybox": described,
    }
    for name, algorithm in algorithms.items():
        penalised = name in ("random", "tpe")
        best = [[best_after(algorithm, count, seed, penalised) for seed in range(seeds)] for count in trainings]
        print(f"| {name} |" + "".join(f" {median(each):.3f} |" for each in best))


if __name__ == "__main__":
    compare()
