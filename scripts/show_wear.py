#!/usr/bin/env python3
"""Print what screening untrained candidates erases with and without stale weights, as a Markdown table.

Random points of a search space are screened on a virtual board, whose erasures are counted as those of a real one.

Usage: .venv/bin/python scripts/show_wear.py EXPERIMENT.yaml BOARD [CANDIDATES]
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from hyperopt.pyll.stochastic import sample

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.config.experiment_file import read_experiment
from orchestrator.datasets.load import load_dataset
from orchestrator.device.measure import measure_image
from orchestrator.device.wear import WearStore
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.experiment import Experiment, Target
from orchestrator.domain.flash_options import FlashOptions
from orchestrator.domain.measurement import CyclesSource
from orchestrator.domain.model import FirmwareImage
from orchestrator.pipeline.prepare import Prepared, prepare_untrained
from orchestrator.training.search_space import load_search_space
from orchestrator.virtual_board.process import start_virtual_board


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiment", type=Path, help="experiment file whose search space and data are taken")
    parser.add_argument("board", help="board type")
    parser.add_argument("candidates", type=int, nargs="?", default=20)
    chosen = parser.parse_args()
    board = load_board_type(chosen.board)
    experiment = replace(read_experiment(chosen.experiment), targets=(Target(board.name, ()),))
    images = candidates(experiment, chosen.candidates)
    print("| weights | screenings | sectors erased | of the worst one | screenings that the flash endures |")
    print("|---|---|---|---|---|")
    for name, keep in (("written", False), ("left stale", True)):
        total, worst = erasures(board, images, keep)
        endured = board.flash.endurance_cycles * len(images) // worst
        print(f"| {name} | {len(images)} | {total} | {worst} | {endured:,} |")


def candidates(experiment: Experiment, count: int) -> list[FirmwareImage]:
    """Give the images of `count` random points that are valid networks and link."""
    random = np.random.default_rng(experiment.seed)
    space, dataset = load_search_space(experiment).space(), load_dataset(experiment.dataset, experiment.seed)
    images: list[FirmwareImage] = []
    while len(images) < count:
        prepared = prepare_untrained(experiment, dataset, sample(space, rng=random))
        images += prepared.images if isinstance(prepared, Prepared) else ()
    return images


def erasures(board: BoardType, images: Sequence[FirmwareImage], keep_stale_weights: bool) -> tuple[int, int]:
    """Give the erasures of all sectors, and of the worst."""
    with tempfile.TemporaryDirectory() as folder, start_virtual_board(board) as device:
        options = FlashOptions(keep_stale_weights=keep_stale_weights, wear_folder=Path(folder))
        for image in images:
            measure_image(
                image, board, device.url, (), cycles_source=CyclesSource.VIRTUAL, repeats=1, warmups=0, flash=options
            )
        (wear,) = WearStore(Path(folder)).units()
    return wear.total_count, wear.worst_count


if __name__ == "__main__":
    main()
