"""Trainer actors: long-lived, with TensorFlow imported once, serving candidate after candidate."""

import threading
from collections.abc import Generator
from typing import Any

import ray

from orchestrator.datasets.dataset import Dataset
from orchestrator.domain.candidate import EpochResult
from orchestrator.domain.experiment import Experiment
from orchestrator.pipeline.stages import Diverged, Trained


class Trainer:
    """Trains one candidate at a time. A GPU task instead would lose its TensorFlow after every call."""

    def __init__(self, experiment: Experiment) -> None:
        from orchestrator.training.tensorflow_quiet import import_tensorflow

        import_tensorflow(threads=experiment.resources.cpus_per_trainer)
        self._experiment = experiment
        self._cancelled = threading.Event()

    def train(
        self, config: dict[str, Any], dataset: Dataset
    ) -> Generator[EpochResult | Trained | Diverged, None, None]:
        """Train the network of `config` from the seed, yielding each epoch and at last the int8 network."""
        from orchestrator.training.convert import convert_to_int8
        from orchestrator.training.fit import DivergedError, fit_epochs
        from orchestrator.training.search_space import build_network

        experiment = self._experiment
        self._cancelled.clear()
        model = build_network(
            experiment.search_space, config, dataset.sample_shape, dataset.class_count, experiment.seed
        )
        try:
            yield from fit_epochs(model, dataset, config, experiment.training, experiment.seed, self._cancelled.is_set)
        except DivergedError as error:
            yield Diverged(str(error))
            return
        if not self._cancelled.is_set():
            yield Trained(convert_to_int8(model, dataset.train.x))

    @ray.method(concurrency_group="control")  # type: ignore[untyped-decorator]
    def cancel(self) -> None:
        """End the training under way within one batch; runs beside it, in a group of its own."""
        self._cancelled.set()


class TrainerPool:
    """Hands out free trainers, one to a candidate; asking again with the same candidate gives the same one."""

    def __init__(self, trainers: list[Any]) -> None:
        import asyncio

        self._free: asyncio.Queue[Any] = asyncio.Queue()
        for trainer in trainers:
            self._free.put_nowait(trainer)
        self._held: dict[str, Any] = {}

    async def acquire(self, candidate_id: str) -> Any:
        """Wait for a free trainer."""
        if candidate_id not in self._held:
            self._held[candidate_id] = await self._free.get()
        return self._held[candidate_id]

    async def release(self, candidate_id: str) -> None:
        """Give the candidate's trainer back, if it holds one."""
        trainer = self._held.pop(candidate_id, None)
        if trainer is not None:
            self._free.put_nowait(trainer)


def start_trainers(experiment: Experiment) -> Any:
    """Start the experiment's trainers and give the handle of their pool."""
    resources = experiment.resources
    actor = ray.remote(
        num_cpus=resources.cpus_per_trainer,
        num_gpus=resources.gpus_per_trainer,
        concurrency_groups={"control": 1},
        max_restarts=-1,
    )(Trainer)
    trainers = [actor.remote(experiment) for _ in range(resources.trainers)]
    pool = ray.remote(num_cpus=0, max_concurrency=1000)(TrainerPool)
    return pool.remote(trainers)
