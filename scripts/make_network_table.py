#!/usr/bin/env python3
"""Train every network of a small search space and measure it on a virtual board, for `bench_search.py`.

Usage: .venv/bin/python scripts/make_network_table.py TABLE.jsonl [--most N] [--part K/N]

One line of JSON per network, in the order of the enumeration; what the file has is not done again, so that the command
may be interrupted and repeated. RAM, flash and cycles are those of a network linked for a NUCLEO-L476RG, whose outputs
must equal those of the host build of the same C; `int8_accuracy` is that of the quantised network over the validation
split. `xz -9e TABLE.jsonl` makes what `scripts/search_bench/` holds.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hyperopt
from search_bench.digits_grid import space
from search_bench.enumeration import Drawn, all_drawn, drawn_key

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.datasets.dataset import Dataset
from orchestrator.datasets.load import load_dataset
from orchestrator.domain.deployability import Fit
from orchestrator.domain.errors import ParityError
from orchestrator.domain.experiment import (
    DatasetChoice,
    Experiment,
    MeasureChoice,
    ResourceChoice,
    SearchChoice,
    Target,
    TrainingChoice,
)
from orchestrator.domain.measurement import Measurement
from orchestrator.lab.devices import Device, measure_on, open_device
from orchestrator.pipeline.check import check_on_host, device_samples
from orchestrator.pipeline.prepare import Prepared, prepare_trained
from orchestrator.training.convert import convert_to_int8
from orchestrator.training.fit import DivergedError, fit_epochs
from orchestrator.training.search_space import build_network
from orchestrator.training.tensorflow_quiet import import_tensorflow

BOARD = "nucleo_l476rg"
EPOCHS = 5

EXPERIMENT = Experiment(
    name="network-table",
    search_space="search_spaces.digits",
    # A large validation split, because equal accuracies order nothing: 719 samples to train, 719 to validate.
    dataset=DatasetChoice("digits", None, val_fraction=0.5, test_fraction=0.2),
    targets=(Target(BOARD, ()),),
    fit=Fit.ALL,
    search=SearchChoice("random", candidates=1, concurrent=1),
    training=TrainingChoice(EPOCHS, grace_epochs=EPOCHS, reduction_factor=3, patience_epochs=EPOCHS),
    measuring=MeasureChoice(repeats=1, samples=1, cycles_tolerance=0.01),
    resources=ResourceChoice(trainers=1, cpus_per_trainer=1, gpus_per_trainer=0.0, virtual_boards=1),
    seed=1,
    tracking_uri=None,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--most", type=int, help="end when the table has so many networks; by default all")
    parser.add_argument(
        "--part", default="1/1", metavar="K/N", help="of N processes beside each other, all on one file"
    )
    arguments = parser.parse_args()
    import_tensorflow(threads=1)
    dataset = load_dataset(EXPERIMENT.dataset, EXPERIMENT.seed)
    part, parts = map(int, arguments.part.split("/"))
    wanted = all_drawn(space())[: arguments.most][part - 1 :: parts]
    known = _known_keys(arguments.table)
    with arguments.table.open("a", encoding="utf-8") as table, open_device(load_board_type(BOARD)) as device:
        for number, drawn in enumerate(wanted):
            if drawn_key(drawn) not in known:
                started = time.monotonic()
                table.write(json.dumps(_row(drawn, dataset, device)) + "\n")
                table.flush()
                print(f"{number + 1} of {len(wanted)}: {time.monotonic() - started:.1f} s", flush=True)


def _known_keys(table: Path) -> set[str]:
    lines = table.read_text(encoding="utf-8").splitlines() if table.exists() else []
    return {drawn_key(json.loads(line)["drawn"]) for line in lines}


def _row(drawn: Drawn, dataset: Dataset, device: Device) -> dict[str, Any]:
    config = hyperopt.space_eval(space(), drawn)
    return {"drawn": drawn, **dict(_findings(config, dataset, device))}


def _findings(config: dict[str, Any], dataset: Dataset, device: Device) -> Iterator[tuple[str, Any]]:
    trained = _train(config, dataset)
    yield "accuracies", trained.accuracies
    prepared = prepare_trained(EXPERIMENT, trained.tflite, (BOARD,))
    if not isinstance(prepared, Prepared):
        yield from {"status": prepared.status.value, "reason": prepared.reason}.items()
        return
    samples = device_samples(EXPERIMENT, dataset, prepared)
    run = measure_on(device, prepared.images[0], load_board_type(BOARD), samples, repeats=EXPERIMENT.measuring.repeats)
    check = check_on_host(EXPERIMENT, dataset, prepared, (run,))
    if not check.devices_match_host:
        raise ParityError(f"{config}: device outputs differ from the host build of the same C")
    yield from {"status": "diverged" if trained.diverged else "ok", "int8_accuracy": check.int8_val_accuracy}.items()
    yield from _measured(run.measurement).items()


def _measured(measurement: Measurement) -> dict[str, Any]:
    return {
        "ram_bytes": measurement.ram_bytes,
        "flash_bytes": measurement.flash_bytes,
        "cycles": measurement.cycles,
        "clock_hz": measurement.clock_hz,
        "layers": [[layer.operator, layer.cycles] for layer in measurement.layers],
    }


@dataclass(frozen=True)
class _Training:
    """`accuracies` are those of the float network over the validation split after each epoch."""

    tflite: bytes
    accuracies: list[float]
    diverged: bool


def _train(config: dict[str, Any], dataset: Dataset) -> _Training:
    model = build_network(EXPERIMENT, config, dataset.sample_shape, dataset.class_count)
    accuracies: list[float] = []
    diverged = False
    try:
        for epoch in fit_epochs(model, dataset, config, EXPERIMENT.training, EXPERIMENT.seed, lambda: False):
            accuracies.append(round(epoch.val_accuracy, 5))
    except DivergedError:
        diverged = True
    return _Training(convert_to_int8(model, dataset.train.x), accuracies, diverged)


if __name__ == "__main__":
    main()
