#!/usr/bin/env python3
"""Compare what greybox predicts of networks with what a virtual board measures of them.

Usage: .venv/bin/python scripts/check_cost_model.py [--board TYPE] [--networks N] [--known N ...] [--table FILE]

Networks of the space of handwritten digits, drawn at random, are built, compiled, linked and measured, untrained; the
model learns from the first and predicts the last 20. Prints the relative errors of layers, by operator, and of whole
networks. What was measured is kept in FILE, one network a line, and not measured again.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.config.experiment_file import read_experiment
from orchestrator.config.json_records import record_from_json, record_to_json
from orchestrator.datasets.load import load_dataset
from orchestrator.domain.experiment import Target
from orchestrator.domain.measurement import Measurement
from orchestrator.domain.network_shape import NetworkShape
from orchestrator.domain.outcome import Outcome
from orchestrator.lab.devices import measure_on, open_device
from orchestrator.parity.compare import random_inputs
from orchestrator.pipeline.prepare import prepare_untrained
from orchestrator.search.board_model import BoardModel
from orchestrator.search.observation import BoardCosts
from orchestrator.search.study import Study
from search_spaces.digits import describe, space

EXPERIMENT = Path(__file__).parent.parent / "search_spaces" / "digits" / "quickstart.yaml"
SAMPLE_SHAPE, CLASSES = (8, 8, 1), 10
PREDICTED = 20

Row = tuple[NetworkShape, Measurement]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--board", default="nucleo_l476rg")
    parser.add_argument("--networks", type=int, default=120)
    parser.add_argument("--known", type=int, nargs="+", default=[5, 10, 20, 50])
    parser.add_argument("--table", type=Path)
    arguments = parser.parse_args()
    rows = read_table(arguments.table)
    for config, measurement in measure(arguments.board, arguments.networks, skip=len(rows)):
        rows.append((config, measurement))
        if arguments.table:
            with arguments.table.open("a", encoding="utf-8") as table:
                table.write(json.dumps({"config": config, "measurement": measurement and record_to_json(measurement)}))
                table.write("\n")
    networks = [(describe(config, SAMPLE_SHAPE, CLASSES), measured) for config, measured in rows if measured]
    print("| known | cycles | RAM | flash | cycles of layers, by operator |\n|---|---|---|---|---|")
    for known in arguments.known:
        print(f"| {known} | {' | '.join(errors(networks[:known], networks[-PREDICTED:]))} |", flush=True)
    return 0


def read_table(path: Path | None) -> list[tuple[dict, Measurement | None]]:
    """Give what was measured before."""
    if path is None or not path.exists():
        return []
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        (line["config"], line["measurement"] and record_from_json(line["measurement"], Measurement)) for line in lines
    ]


def measure(board_name: str, count: int, skip: int) -> Iterator[tuple[dict, Measurement | None]]:
    """Measure networks drawn at random, the first `skip` left out; None for those that the board has no room for."""
    experiment, board, drawn = read_experiment(EXPERIMENT), load_board_type(board_name), valid_configs()
    experiment = replace(experiment, targets=(Target(board_name, ()),))
    dataset = load_dataset(experiment.dataset, experiment.seed)
    configs = [next(drawn) for _ in range(count)][skip:]
    if not configs:
        return
    with open_device(board) as device:
        for config in configs:
            prepared = prepare_untrained(experiment, dataset, config)
            if isinstance(prepared, Outcome):
                yield config, None
                continue
            (image,) = prepared.images
            sample = tuple(array[0].tobytes() for array in random_inputs(image.inputs, 1, 0))
            yield config, measure_on(device, image, board, [sample], repeats=1).measurement


def valid_configs() -> Iterator[dict]:
    study = Study(space(), "random", seed=5)
    while True:
        _, config = study.ask()
        try:
            describe(config, SAMPLE_SHAPE, CLASSES)
        except ValueError:
            continue
        yield config


def errors(known: list[Row], others: list[Row]) -> list[str]:
    """Give the mean and the largest relative error of what is predicted of `others`."""
    model = BoardModel([(shape, costs_of(measurement)) for shape, measurement in known])
    shares = model.shares([shape for shape, _ in others])
    actual = [costs_of(measurement).shares for _, measurement in others]
    found = {name: [p / a[name] - 1.0 for p, a in zip(shares[name], actual, strict=True)] for name in shares}
    by_operator: dict[str, list[float]] = defaultdict(list)
    for shape, measurement in others:
        for layer, run in zip(shape.layers, measurement.layers, strict=True):
            predicted = model.cycles([NetworkShape((layer,))])[0]
            by_operator[layer.operator].append(predicted / run.cycles - 1.0)
    layers = ", ".join(f"{operator} {text(each)}" for operator, each in sorted(by_operator.items()))
    return [text(found["cycles"]), text(found["ram"]), text(found["flash"]), layers]


def costs_of(measurement: Measurement) -> BoardCosts:
    """Give a measurement against limits of one byte and one cycle."""
    shares = {
        "ram": float(measurement.ram_bytes),
        "flash": float(measurement.flash_bytes),
        "cycles": float(measurement.cycles),
    }
    return BoardCosts(measurement.board, shares, tuple((each.operator, each.cycles) for each in measurement.layers))


def text(relative: list[float]) -> str:
    magnitudes = np.abs(relative)
    return f"{magnitudes.mean():.1%} ({magnitudes.max():.0%})"


if __name__ == "__main__":
    sys.exit(main())
