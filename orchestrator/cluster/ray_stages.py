"""The stages of a candidate, carried out by Ray: tasks, the trainer pool, the board pool."""

import logging
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import ray
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from orchestrator.cluster.pool_client import PoolClient
from orchestrator.cluster.trainer_queue import HeldTrainer
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
TRAINER_START_S = 180.0
TRAINING_ATTEMPTS = 3
"""Begun anew where a process or node dies."""


END_S = 60.0
"""Longest wait for the end of a training that was cancelled."""


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
        prepared: Prepared | Outcome = in_task(prepare_untrained, self._experiment, self._workers.dataset, config)
        return prepared

    def screen(self, prepared: Prepared) -> tuple[Measured, ...]:
        # Equal architectures have equal RAM, flash and cycles: they share the request, hence the measurement.
        # Nor do they depend on weights, which are left unwritten where that spares the flash.
        return self._measure(f"screen/{prepared.architecture_key}", prepared, is_trained=False)

    def train(self, config: dict[str, Any]) -> Generator[EpochResult | Trained | Diverged, None, None]:
        last_epoch = 0  # equal seeds train alike: a training that is begun anew repeats the epochs told already
        for attempt in range(1, TRAINING_ATTEMPTS + 1):
            try:
                with closing(self._training(config)) as items:
                    for item in items:
                        if not isinstance(item, EpochResult):
                            yield item
                            return
                        if item.epoch > last_epoch:
                            last_epoch = item.epoch
                            yield item
                return
            except TrainerLostError as error:
                logger.warning("training attempt %d of %d: %s", attempt, TRAINING_ATTEMPTS, error)
                if attempt == TRAINING_ATTEMPTS:
                    raise

    def _training(self, config: dict[str, Any]) -> Generator[EpochResult | Trained | Diverged, None, None]:
        training_id = uuid.uuid4().hex
        trainers = self._workers.trainers
        held: HeldTrainer = _got(trainers.acquire.remote(self._candidate_id, training_id))
        try:
            _wait_until_up(held.trainer)
            if held.earlier_training is not None:  # left running by a predecessor of this trial, which was killed
                _got(held.trainer.cancel.remote(held.earlier_training))
            results = held.trainer.train.remote(training_id, config, self._workers.dataset)
            with _cancelled_at_the_end(held.trainer, training_id, results):
                for reference in results:
                    yield _got(reference)
        finally:
            _got(trainers.release.remote(self._candidate_id))

    def prepare_trained(self, tflite: bytes, boards: tuple[str, ...]) -> Prepared | Outcome:
        prepared: Prepared | Outcome = in_task(prepare_trained, self._experiment, tflite, boards)
        return prepared

    def verify(self, prepared: Prepared) -> tuple[Measured, ...]:
        name = f"verify/{self._candidate_id}/{prepared.images[0].model_hash}"
        return self._measure(name, prepared, is_trained=True)

    def check(self, prepared: Prepared, runs: tuple[DeviceRun, ...]) -> HostCheck:
        check: HostCheck = in_task(check_on_host, self._experiment, self._workers.dataset, prepared, runs)
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


class TrainerLostError(InfrastructureError):
    """The process that trained died, or the node that it ran on."""

    cause = "trainer-lost"


class TrainingFailedError(InfrastructureError):
    """The training raised an error that it should not: a defect of ours, or of the search space."""

    cause = "training"


class WorkerLostError(InfrastructureError):
    """The process of a task died, or the node that it ran on."""

    cause = "worker-lost"


class MeasurementFailedError(InfrastructureError):
    """No board could deliver the measurement; `cause` is that of the last attempt."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text)
        self.cause = failure.cause


def _got(reference: Any, timeout_s: float | None = None) -> Any:
    """Wait for what a trainer, or the pool of them, gives.

    Raises:
        TrainerLostError, TrainingFailedError: the actor died; the training raised an error.
    """
    try:
        return ray.get(reference, timeout=timeout_s)
    except ray.exceptions.RayTaskError as error:
        raise TrainingFailedError(f"{type(error.cause).__name__}: {error.cause}") from error
    except ray.exceptions.RayError as error:
        raise TrainerLostError(f"the trainer was lost: {_one_line(error)}") from error


def _wait_until_up(trainer: Any) -> None:
    """Wait for a trainer that Ray starts anew, which takes as long as TensorFlow takes to load.

    Raises:
        TrainerLostError: it is not up within `TRAINER_START_S`.
    """
    deadline = time.monotonic() + TRAINER_START_S
    while True:
        try:
            _got(trainer.is_up.remote())
            return
        except TrainerLostError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1.0)


@contextmanager
def _cancelled_at_the_end(trainer: Any, training_id: str, results: Any) -> Iterator[None]:
    """Leave the block only when the training has really ended: the trainer is free only then."""
    try:
        yield
    except (GeneratorExit, SystemExit, KeyboardInterrupt):
        with suppress(InfrastructureError):
            _got(trainer.cancel.remote(training_id), END_S)
            _got(results.completed(), END_S)
        raise


def in_task(function: Callable[..., Any], *arguments: Any) -> Any:
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


@cache
def _as_task(function: Callable[..., Any]) -> Any:
    """Made once for each function: Ray keeps every remote function that was ever made until the cluster ends."""
    outside = PlacementGroupSchedulingStrategy(placement_group=None)
    return ray.remote(num_cpus=1, scheduling_strategy=outside)(function)


def _attempt(function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return ray.get(_as_task(function).remote(*arguments))
    except ray.exceptions.RayTaskError as error:
        raise _typed(error.cause) from error
    except ray.exceptions.RayError as error:
        raise WorkerLostError(f"{function.__name__}: the worker was lost: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _typed(cause: Exception) -> InfrastructureError:
    if isinstance(cause, InfrastructureError):
        return cause
    return InfrastructureError(f"{type(cause).__name__}: {cause}")
