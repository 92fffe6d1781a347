"""Candidates whose networks were prepared beforehand and whose training is a pretence: only the boards are real."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import ray
from hyperopt import hp

from orchestrator.cluster.ray_stages import RayStages, Workers
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.datasets.dataset import Dataset, Split
from orchestrator.device.measure import measure_image
from orchestrator.domain.candidate import EpochResult
from orchestrator.domain.experiment import Experiment
from orchestrator.domain.measurement import CyclesSource, DeviceRun
from orchestrator.domain.model import FirmwareImage
from orchestrator.domain.outcome import Outcome
from orchestrator.domain.parity import NotCompared
from orchestrator.journal.sweep_folder import SweepFolder
from orchestrator.pipeline.check import device_samples
from orchestrator.pipeline.prepare import Prepared
from orchestrator.pipeline.stages import Diverged, HostCheck, Trained
from orchestrator.virtual_board.process import start_virtual_board
from tests.cluster.lab_cluster import BOARD, images
from tests.contract.example_model import INPUT_BYTES


@dataclass(frozen=True)
class Network:
    """An image and what a sound board makes of it."""

    image: FirmwareImage
    expected: DeviceRun


def dataset(samples: int) -> Dataset:
    """Give as many different samples as are computed on the device."""
    x = np.arange(samples * INPUT_BYTES, dtype=np.float32).reshape(samples, INPUT_BYTES) / 4
    split = Split(x, np.zeros(samples, np.int32))
    return Dataset("rehearsal", split, split, split, 2, "0" * 16)


def networks(count: int, experiment: Experiment) -> list[Network]:
    """Measure every image on a board without faults."""
    data, found = dataset(experiment.measuring.samples), []
    with start_virtual_board(load_board_type(BOARD)) as board:
        for image in images(count):
            samples = device_samples(experiment, data, prepared(image, image.model_hash))
            run = measure_image(
                image, load_board_type(BOARD), board.url, samples, cycles_source=CyclesSource.VIRTUAL, repeats=1
            )
            found.append(Network(image, run))
    return found


def prepared(image: FirmwareImage, architecture_key: str) -> Prepared:
    return Prepared(b"", "", architecture_key, (image,), (), ())


def space(count: int) -> dict[str, Any]:
    return {"network": hp.choice("network", list(range(count)))}


class RehearsedStages(RayStages):
    """Measures by the board pool as any candidate does, twice, and shares nothing with other candidates."""

    def __init__(
        self, candidate_id: str, experiment: Experiment, folder: SweepFolder, workers: Workers, table: Any
    ) -> None:
        super().__init__(candidate_id, experiment, folder, workers)
        self._id = candidate_id
        self._table: list[Network] = ray.get(table)
        self._network = self._table[0]

    def prepare(self, config: dict[str, Any]) -> Prepared | Outcome:
        self._network = self._table[config["network"]]
        return prepared(self._network.image, self._id)

    def train(self, config: dict[str, Any]) -> Generator[EpochResult | Trained | Diverged, None, None]:
        yield EpochResult(1, 1.0, 0.5, 1.0, 0.5)
        yield Trained(b"")

    def prepare_trained(self, tflite: bytes, boards: tuple[str, ...]) -> Prepared | Outcome:
        return prepared(self._network.image, self._id)

    def check(self, prepared: Prepared, runs: tuple[DeviceRun, ...]) -> HostCheck:
        match = all(run.outputs == self._network.expected.outputs for run in runs)
        return HostCheck(match, NotCompared("rehearsal"), 0.5)
