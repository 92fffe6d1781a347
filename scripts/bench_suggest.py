#!/usr/bin/env python3
"""Measure how long an algorithm takes to suggest the next candidate.

Usage: OMP_NUM_THREADS=1 .venv/bin/python scripts/bench_suggest.py [--completed N ...] [--suggestions N]

CPU milliseconds of `Study.ask` on the space of handwritten digits, after so many completed candidates drawn at random,
a fifth of which hold three budgets. Exit code 1 when `ctpe` is slower than the limits.
"""

import argparse
import sys
import time
from random import Random
from statistics import median

from orchestrator.search.observation import Observation
from orchestrator.search.study import Study
from search_spaces.digits import TRAINING_LABELS, space

ALGORITHMS = ("random", "tpe", "ctpe", "svm-cbo", "nsga2", "scalarised-tpe")
BUDGETS = ("ram", "flash", "latency")
SHARE_PER_BUDGET = 0.2 ** (1 / len(BUDGETS))
SLOWEST_MS = {1_000: 50.0, 10_000: 150.0}


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
        slow |= algorithm == "ctpe" and any(each > SLOWEST_MS.get(count, each) for count, each in times_ms.items())
    return int(slow)


def suggest_ms(algorithm: str, completed: int, suggestions: int) -> float:
    """Give the median CPU time of a suggestion; the first, which reads all that was told at once, is not measured."""
    random = Random(1)
    study, points = (Study(space(), name, 1, completed, frozenset(TRAINING_LABELS)) for name in (algorithm, "random"))
    for _ in range(completed):
        ticket, _ = points.ask()
        study.recall(ticket, points.drawn(ticket), outcome(random))
        points.forget(ticket)
    study.tell(study.ask()[0], outcome(random))
    times_s = []
    for _ in range(suggestions):
        begin = time.process_time()
        ticket, _ = study.ask()
        times_s.append(time.process_time() - begin)
        study.tell(ticket, outcome(random))
    return median(times_s) * 1e3


def outcome(random: Random) -> Observation:
    """Give an outcome that holds all budgets one time in five."""
    violations = {name: random.random() - SHARE_PER_BUDGET for name in BUDGETS}
    fits = all(violation <= 0.0 for violation in violations.values())
    return Observation(random.random() if fits else None, violations)


if __name__ == "__main__":
    sys.exit(main())
