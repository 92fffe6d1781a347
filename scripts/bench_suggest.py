#!/usr/bin/env python3
"""Measure how long an algorithm takes to suggest the next candidate.

Usage: OMP_NUM_THREADS=1 .venv/bin/python scripts/bench_suggest.py [--completed N ...] [--suggestions N]

CPU milliseconds of `Study.ask` on the space of handwritten digits, after so many completed candidates drawn at random,
a fifth of which hold three budgets. What `greybox` is told follows the networks' shapes. Exit code 1 when `ctpe` or
`greybox` is slower than the limits.
"""

import argparse
import sys
import time
from functools import partial
from random import Random
from statistics import median
from typing import Any

from orchestrator.search.algorithms import DescribedSpace
from orchestrator.search.observation import BoardCosts, Observation
from orchestrator.search.study import Study
from search_spaces.digits import TRAINING_LABELS, describe, space

ALGORITHMS = ("random", "tpe", "ctpe", "svm-cbo", "nsga2", "scalarised-tpe", "greybox")
BUDGETS = ("ram", "flash", "latency")
SHARE_PER_BUDGET = 0.2 ** (1 / len(BUDGETS))
SLOWEST_MS = {"ctpe": {1_000: 50.0, 10_000: 150.0}, "greybox": {1_000: 1_000.0, 10_000: 1_000.0}}
SAMPLE_SHAPE, CLASSES = (8, 8, 1), 10


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--completed", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--suggestions", type=int, default=5, help="measured per entry; the median counts")
    arguments = parser.parse_args()
    print("| algorithm | " + " | ".join(f"{count:,} completed" for count in arguments.completed) + " |")
    print("|---" * (len(arguments.completed) + 1) + "|")
    slow = False
    for algorithm in ALGORITHMS:
        times_ms = {count: suggest_ms(algorithm, count, arguments.suggestions) for count in arguments.completed}
        print(f"| {algorithm} | " + " | ".join(f"{each:.0f} ms" for each in times_ms.values()) + " |", flush=True)
        limits = SLOWEST_MS.get(algorithm, {})
        slow |= any(each > limits.get(count, each) for count, each in times_ms.items())
    return int(slow)


def suggest_ms(algorithm: str, completed: int, suggestions: int) -> float:
    """Give the median CPU time of a suggestion; the first, which reads all that was told at once, is not measured."""
    random = Random(1)
    study, points = (new_study(name, completed) for name in (algorithm, "random"))
    for _ in range(completed):
        ticket, point = points.ask()
        study.recall(ticket, points.drawn(ticket), outcome(random, point))
        points.forget(ticket)
    tell(study, random)
    times_s = []
    for _ in range(suggestions):
        begin = time.process_time()
        ticket, point = study.ask()
        times_s.append(time.process_time() - begin)
        study.tell(ticket, outcome(random, point))
    return median(times_s) * 1e3


def new_study(algorithm: str, candidates: int) -> Study:
    networks = DescribedSpace(partial(describe, sample_shape=SAMPLE_SHAPE, class_count=CLASSES))
    return Study(space(), algorithm, 1, candidates, frozenset(TRAINING_LABELS), networks)


def tell(study: Study, random: Random) -> None:
    ticket, point = study.ask()
    study.tell(ticket, outcome(random, point))


def outcome(random: Random, point: dict[str, Any]) -> Observation:
    """Give an outcome that holds all budgets one time in five, with the costs of some network."""
    violations = {name: random.random() - SHARE_PER_BUDGET for name in BUDGETS}
    fits = all(violation <= 0.0 for violation in violations.values())
    return Observation(random.random() if fits else None, violations, costs=costs_of(point))


def costs_of(point: dict[str, Any]) -> tuple[BoardCosts, ...]:
    """Give made-up costs of a point's network, if it has one."""
    try:
        shape = describe(point, SAMPLE_SHAPE, CLASSES)
    except ValueError:
        return ()
    layers = tuple((layer.operator, 2 * layer.macs + 20 * layer.output_bytes) for layer in shape.layers)
    shares = {
        "ram": shape.live_bytes / 8_000,
        "flash": shape.weight_bytes / 50_000,
        "latency": sum(cycles for _, cycles in layers) / 1e6,
    }
    return (BoardCosts("kit", shares, layers),)


if __name__ == "__main__":
    sys.exit(main())
