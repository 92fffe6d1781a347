"""The stages of a candidate, carried out by Ray: tasks, the trainer pool, the board pool."""

import logging
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import ray
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from orchestrator.cluster.pool_client import PoolClient
from orchestrator.domain.candidate import EpochResult
from orchestrator.domain.errors import InfrastructureError
from orchestrator.domain.experiment import Experiment
from orchestrator.domain.measurement import DeviceRun
from orchestrator.domain.outcome import Outcome
from orchestrator.journal.sweep_folder import SweepFolder
from orchestrator.lab.requests import Failure, Measured, MeasureRequest, Reply
from orchestrator.pipeline.check import check_on_host, device_samples
from orchestrator.pipeline.prepare import Prepared, prepare_trained, prepare_untrained
from orchestrator.pipeline.stages import Diverged, HostCheck, Trained

logger = logging.getLogger(__name__)

TASK_ATTEMPTS = 2


@dataclass(frozen=True)
class Workers:
    """What all candidates of a sweep share: the trainers' pool and a reference to the data set.

    The board pool is found by its name.
    """

    trainers: Any
    dataset: Any


class RayStages:
    """Implements `Stages` for one candidate of a sweep."""

    def __init__(self, candidate_id: str, experiment: Experiment, folder: SweepFolder, workers: Workers) -> None:
        self._candidate_id = candidate_id
        self._experiment = experiment
        self._folder = folder
        self._workers = workers
        self._pool = PoolClient()

    def prepare(self, config: dict[str, Any]) -> Prepared | Outcome:
        prepared: Prepared | Outcome = _in_task(prepare_untrained, self._experiment, self._workers.dataset, config)
        return prepared

    def screen(self, prepared: Prepared) -> tuple[Measured, ...]:
        # Equal architectures have equal RAM, flash and cycles: they share the request, hence the measurement.
        # Nor do they depend on weights, which are left unwritten where that spares the flash.
        return self._measure(f"screen/{prepared.architecture_key}", prepared, is_trained=False)

    def train(self, config: dict[str, Any]) -> Generator[EpochResult | Trained | Diverged, None, None]:
        trainer = ray.get(self._workers.trainers.acquire.remote(self._candidate_id))
        ray.get(trainer.cancel.remote())  # whatever a killed predecessor of this trial left running
        results = trainer.train.remote(config, self._workers.dataset)
        try:
            for reference in results:
                yield ray.get(reference)
        finally:
            ray.get(trainer.cancel.remote())
            for _ in results:  # until the training really ended: only then is the trainer free
                pass
            ray.get(self._workers.trainers.release.remote(self._candidate_id))

    def prepare_trained(self, tflite: bytes, boards: tuple[str, ...]) -> Prepared | Outcome:
        prepared: Prepared | Outcome = _in_task(prepare_trained, self._experiment, tflite, boards)
        return prepared

    def verify(self, prepared: Prepared) -> tuple[Measured, ...]:
        name = f"verify/{self._candidate_id}/{prepared.images[0].model_hash}"
        return self._measure(name, prepared, is_trained=True)

    def check(self, prepared: Prepared, runs: tuple[DeviceRun, ...]) -> HostCheck:
        check: HostCheck = _in_task(check_on_host, self._experiment, self._workers.dataset, prepared, runs)
        return check

    def keep(self, name: str, content: bytes) -> None:
        (self._folder.candidate(self._candidate_id) / name).write_bytes(content)

    def _measure(self, name: str, prepared: Prepared, is_trained: bool) -> tuple[Measured, ...]:
        """Have every image measured, the boards working side by side.

        Raises:
            MeasurementFailedError: no board of one of the types could deliver.
        """
        samples = device_samples(self._experiment, ray.get(self._workers.dataset), prepared)
        requests = [
            MeasureRequest(
                f"{self._folder.sweep_id}/{name}/{image.board}",
                self._folder.sweep_id,
                image,
                samples,
                self._experiment.measuring.repeats,
                most_boards=self._experiment.resources.most_boards,
                wants_log=is_trained,
                keep_stale_weights=not is_trained,
            )
            for image in prepared.images
        ]
        with ThreadPoolExecutor(len(requests)) as asking:
            return tuple(asking.map(self._measured, requests))

    def _measured(self, request: MeasureRequest) -> Measured:
        once = ray.put(request)  # asked for again and again, sent once
        reply: Reply | None = None
        while reply is None:
            reply = self._pool.call("measure", once)
        if isinstance(reply, Failure):
            raise MeasurementFailedError(reply)
        return reply


class MeasurementFailedError(InfrastructureError):
    """No board could deliver the measurement; `cause` is that of the last attempt."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text)
        self.cause = failure.cause


def _in_task(function: Any, *arguments: Any) -> Any:
    """Run `function` as a Ray task of one CPU, outside the trial's own placement group.

    Raises:
        InfrastructureError: the task failed in every attempt; its own error's cause is kept.
    """
    for attempt in range(1, TASK_ATTEMPTS + 1):
        try:
            return _attempt(function, *arguments)
        except InfrastructureError as error:
            logger.warning("%s failed in attempt %d of %d: %s", function.__name__, attempt, TASK_ATTEMPTS, error)
            failure = error
    raise failure


def _attempt(function: Any, *arguments: Any) -> Any:
    task = ray.remote(num_cpus=1)(function)
    placed = task.options(scheduling_strategy=PlacementGroupSchedulingStrategy(placement_group=None))
    try:
        return ray.get(placed.remote(*arguments))
    except ray.exceptions.RayTaskError as error:
        raise _typed(error.cause) from error
    except ray.exceptions.RayError as error:
        raise InfrastructureError(f"{function.__name__}: the worker was lost: {error}") from error


def _typed(cause: Exception) -> InfrastructureError:
    if isinstance(cause, InfrastructureError):
        return cause
    return InfrastructureError(f"{type(cause).__name__}: {cause}")
