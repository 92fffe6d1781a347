"""Run all candidates of an experiment with Ray Tune."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import ray
from ray import tune
from ray.tune.schedulers import AsyncHyperBandScheduler

from orchestrator.cluster.board_agent import start_virtual_agent
from orchestrator.cluster.board_pool import start_board_pool
from orchestrator.cluster.coordinator import COORDINATOR_RESOURCE, EPOCH_KEY, VAL_ACCURACY_KEY, coordinate
from orchestrator.cluster.interrupt import InterruptGuard
from orchestrator.cluster.ray_session import local_ray
from orchestrator.cluster.ray_stages import Workers
from orchestrator.cluster.searcher import StudySearcher
from orchestrator.cluster.trainer import start_trainers
from orchestrator.cluster.watchers import SweepWatcher, WatcherCallback
from orchestrator.domain.experiment import Experiment
from orchestrator.journal.sweep_folder import SweepFolder
from orchestrator.search.study import Study
from orchestrator.training.search_space import load_search_space

COORDINATOR_RETRIES = 2


def run_candidates(experiment: Experiment, folder: SweepFolder, watchers: Sequence[SweepWatcher]) -> None:
    """Search, measure, train and verify; every candidate reaches the watchers exactly once when it has ended.

    Raises:
        InputError: the search space cannot be loaded.
        KeyboardInterrupt: the user stopped the sweep; nothing it started is left running.
    """
    study = Study(load_search_space(experiment.search_space).space(), experiment.search.algorithm, experiment.seed)
    with InterruptGuard() as guard, local_ray(experiment):
        pool = start_board_pool()
        agent = start_virtual_agent(pool, experiment.board, experiment.resources.virtual_boards)
        workers = Workers(pool, start_trainers(experiment))
        try:
            _tuner(experiment, folder, workers, study, WatcherCallback(watchers, guard)).fit()
            guard.check()
        finally:
            ray.get(agent.stop.remote())


def _tuner(
    experiment: Experiment, folder: SweepFolder, workers: Workers, study: Study, callback: WatcherCallback
) -> Any:
    trainable = partial(coordinate, experiment=experiment, folder=folder, workers=workers)
    return tune.Tuner(
        tune.with_resources(trainable, tune.PlacementGroupFactory([{COORDINATOR_RESOURCE: 1}])),
        tune_config=tune.TuneConfig(
            search_alg=StudySearcher(study),
            scheduler=_asha(experiment),
            num_samples=experiment.search.candidates,
            max_concurrent_trials=experiment.search.concurrent,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            name="tune",
            storage_path=str(folder.ray),
            callbacks=[callback],
            failure_config=tune.FailureConfig(max_failures=COORDINATOR_RETRIES),
            verbose=0,
        ),
    )


def _asha(experiment: Experiment) -> Any:
    """ASHA over epochs; it stops a trial *at* max_t, which lies beyond the last epoch: verification follows."""
    training = experiment.training
    return AsyncHyperBandScheduler(
        time_attr=EPOCH_KEY,
        metric=VAL_ACCURACY_KEY,
        mode="max",
        grace_period=training.grace_epochs,
        max_t=training.epochs + 1,
        reduction_factor=training.reduction_factor,
    )
