"""Trainer actors: long-lived, with TensorFlow imported once, serving candidate after candidate."""

from collections.abc import Generator
from typing import Any

import ray

from orchestrator.cluster.trainer_queue import TrainerQueue
from orchestrator.datasets.dataset import Dataset
from orchestrator.domain.candidate import CandidateRecord, EpochResult
from orchestrator.domain.experiment import Experiment
from orchestrator.pipeline.stages import Diverged, Trained


class Trainer:
    """Trains one candidate at a time. A GPU task instead would lose its TensorFlow after every call."""

    def __init__(self, experiment: Experiment) -> None:
        from orchestrator.training.tensorflow_quiet import import_tensorflow

        import_tensorflow(threads=experiment.resources.cpus_per_trainer)
        self._experiment = experiment
        self._cancelled: set[str] = set()

    def train(
        self, training_id: str, config: dict[str, Any], dataset: Dataset
    ) -> Generator[EpochResult | Trained | Diverged, None, None]:
        """Train the network of `config` from the seed, yielding each epoch and at last the int8 network."""
        from orchestrator.training.convert import convert_to_int8
        from orchestrator.training.fit import DivergedError, fit_epochs
        from orchestrator.training.search_space import build_network

        experiment = self._experiment

        def is_cancelled() -> bool:
            return training_id in self._cancelled

        try:
            if is_cancelled():
                return
            model = build_network(experiment, config, dataset.sample_shape, dataset.class_count)
            yield from fit_epochs(model, dataset, config, experiment.training, experiment.seed, is_cancelled)
            if not is_cancelled():
                yield Trained(convert_to_int8(model, dataset.train.x))
        except DivergedError as error:
            yield Diverged(str(error))
        finally:
            self._cancelled.discard(training_id)

    @ray.method(concurrency_group="control")  # type: ignore[untyped-decorator]
    def is_up(self) -> bool:
        """Say so: one that is started anew answers when it has TensorFlow."""
        return True

    @ray.method(concurrency_group="control")  # type: ignore[untyped-decorator]
    def cancel(self, training_id: str) -> None:
        """End a training within one batch, or before it begins; runs beside it, in a group of its own."""
        self._cancelled.add(training_id)


class TrainerPool(TrainerQueue):
    """Starts the trainers, which end with this actor. Should it be restarted, it starts new ones, and who trained
    begins anew.
    """

    def __init__(self, experiment: Experiment) -> None:
        resources = experiment.resources
        actor = ray.remote(
            num_cpus=resources.cpus_per_trainer,
            num_gpus=resources.gpus_per_trainer,
            concurrency_groups={"control": 1},
            max_restarts=-1,
        )(Trainer)
        super().__init__(actor.remote(experiment) for _ in range(resources.trainers))

    async def abandon(self, candidate_id: str) -> None:
        """End the training of a candidate that has ended, and free its trainer, if it holds one.

        A coordinator whose trial was stopped may sleep in its last report, kept by Tune for a trial to come, and
        would hold the trainer as long as none comes.
        """
        held = await self._take_back(candidate_id)
        if held is not None:
            trainer, training_id = held
            trainer.cancel.remote(training_id)


class AbandonedTrainings:
    """A watcher of the sweep that ends the trainings of candidates as these end."""

    def __init__(self, trainers: Any) -> None:
        self._trainers = trainers

    def on_started(self, candidate_id: str) -> None:
        """Nothing to end yet."""

    def on_progress(self, record: CandidateRecord) -> None:
        """Nothing to end yet."""

    def on_finished(self, record: CandidateRecord) -> None:
        """Free the candidate's trainer, without waiting for it."""
        self._trainers.abandon.remote(record.candidate_id)


def start_trainers(experiment: Experiment) -> Any:
    """Start the experiment's trainers and give the handle of their pool."""
    pool = ray.remote(num_cpus=0, max_concurrency=1000, max_restarts=-1, max_task_retries=-1)(TrainerPool)
    return pool.remote(experiment)
