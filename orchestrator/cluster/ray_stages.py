"""The stages of a candidate, carried out by Ray: tasks, the trainer pool, the board pool."""

import logging
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import ray
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from orchestrator.cluster.request_queue import Failure, MeasureRequest
from orchestrator.domain.candidate import EpochResult
from orchestrator.domain.errors import InfrastructureError
from orchestrator.domain.experiment import Experiment
from orchestrator.domain.measurement import DeviceRun
from orchestrator.domain.outcome import Outcome
from orchestrator.journal.sweep_folder import SweepFolder
from orchestrator.pipeline.check import check_on_host, device_samples
from orchestrator.pipeline.prepare import Prepared, prepare_trained, prepare_untrained
from orchestrator.pipeline.stages import Diverged, HostCheck, Measured, Trained

logger = logging.getLogger(__name__)

TASK_ATTEMPTS = 2


@dataclass(frozen=True)
class Workers:
    """Handles of the actors that serve a sweep."""

    boards: Any
    trainers: Any


class RayStages:
    """Implements `Stages` for one candidate of a sweep."""

    def __init__(self, candidate_id: str, experiment: Experiment, folder: SweepFolder, workers: Workers) -> None:
        self._candidate_id = candidate_id
        self._experiment = experiment
        self._folder = folder
        self._workers = workers

    def prepare(self, config: dict[str, Any]) -> Prepared | Outcome:
        prepared: Prepared | Outcome = _in_task(prepare_untrained, self._experiment, config)
        return prepared

    def screen(self, prepared: Prepared) -> Measured:
        # Equal architectures have equal RAM, flash and cycles: they share the request, hence the measurement.
        request_id = f"{self._folder.root.name}/screen/{prepared.architecture_key}"
        # Nor do they depend on weights, which are left unwritten where that spares the flash.
        return self._measure(request_id, prepared, keep_stale_weights=True)

    def train(self, config: dict[str, Any]) -> Generator[EpochResult | Trained | Diverged, None, None]:
        trainer = ray.get(self._workers.trainers.acquire.remote(self._candidate_id))
        ray.get(trainer.cancel.remote())  # whatever a killed predecessor of this trial left running
        results = trainer.train.remote(config)
        try:
            for reference in results:
                yield ray.get(reference)
        finally:
            ray.get(trainer.cancel.remote())
            for _ in results:  # until the training really ended: only then is the trainer free
                pass
            ray.get(self._workers.trainers.release.remote(self._candidate_id))

    def prepare_trained(self, tflite: bytes) -> Prepared | Outcome:
        prepared: Prepared | Outcome = _in_task(prepare_trained, self._experiment, tflite)
        return prepared

    def verify(self, prepared: Prepared) -> Measured:
        request_id = f"{self._folder.root.name}/verify/{self._candidate_id}/{prepared.image.model_hash}"
        return self._measure(request_id, prepared)

    def check(self, prepared: Prepared, run: DeviceRun) -> HostCheck:
        check: HostCheck = _in_task(check_on_host, self._experiment, prepared, run)
        return check

    def keep(self, name: str, content: bytes) -> None:
        (self._folder.candidate(self._candidate_id) / name).write_bytes(content)

    def _measure(self, request_id: str, prepared: Prepared, keep_stale_weights: bool = False) -> Measured:
        request = MeasureRequest(
            request_id,
            self._folder.root.name,
            prepared.image,
            device_samples(self._experiment, prepared),
            self._experiment.measuring.repeats,
            keep_stale_weights,
        )
        reply = ray.get(self._workers.boards.measure.remote(request))
        if isinstance(reply, Failure):
            raise MeasurementFailedError(reply)
        measured: Measured = reply
        return measured


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
