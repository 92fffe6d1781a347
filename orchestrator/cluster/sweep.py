"""Run all candidates of an experiment with Ray Tune."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import ray
from ray import tune
from ray.tune.schedulers import AsyncHyperBandScheduler

from orchestrator.cluster.board_agent import start_agent
from orchestrator.cluster.coordinator import EPOCH_KEY, VAL_ACCURACY_KEY, coordinate
from orchestrator.cluster.interrupt import InterruptGuard
from orchestrator.cluster.pool_client import PoolClient
from orchestrator.cluster.ray_session import joined_ray, local_ray, this_node_resource
from orchestrator.cluster.ray_stages import Workers
from orchestrator.cluster.searcher import StudySearcher
from orchestrator.cluster.trainer import start_trainers
from orchestrator.cluster.watchers import SweepWatcher, WatcherCallback
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.datasets.dataset import Dataset
from orchestrator.domain.experiment import Experiment
from orchestrator.journal.sweep_folder import SweepFolder
from orchestrator.lab.meters import check_meters
from orchestrator.pipeline.golden import make_golden
from orchestrator.search.study import Study
from orchestrator.training.search_space import load_search_space

COORDINATOR_RETRIES = 2
COORDINATOR_SHARE = 0.001
"""Of the resource that only the driver's node has: coordinators run where the sweep's files are."""


def run_candidates(
    experiment: Experiment,
    dataset: Dataset,
    folder: SweepFolder,
    watchers: Sequence[SweepWatcher],
    address: str | None = None,
) -> dict[str, int]:
    """Search, measure, train and verify; every candidate reaches the watchers exactly once when it has ended.

    Gives how many faults of boards were met by cause, those included that a retry mended.

    Raises:
        InputError: the search space cannot be loaded, or the cluster not joined.
        KeyboardInterrupt: the user stopped the sweep; nothing it started is left running.
    """
    study = Study(load_search_space(experiment.search_space).space(), experiment.search.algorithm, experiment.seed)
    session = local_ray(experiment) if address is None else joined_ray(address, experiment, experiment.code)
    with InterruptGuard() as guard, session, _boards(experiment), _pool_of(folder) as pool:
        workers = Workers(start_trainers(experiment), ray.put(dataset))
        _tuner(experiment, folder, workers, study, WatcherCallback(watchers, guard)).fit()
        guard.check()
        return dict(pool.call("faults", folder.sweep_id))


@contextmanager
def _boards(experiment: Experiment) -> Iterator[None]:
    """See to it that there are boards: the lab's, or virtual ones of our own of each type that it has none of."""
    pool = PoolClient()
    for board in experiment.boards:
        pool.call("offer_golden", make_golden(load_board_type(board)))
    units = pool.call("status").units
    check_meters(experiment, units)
    served = {unit.board for unit in units}
    missing = [board for board in experiment.boards if board not in served]
    agent = start_agent("sweep", dict.fromkeys(missing, experiment.resources.virtual_boards)) if missing else None
    try:
        yield
    finally:
        if agent is not None:
            ray.get(agent.stop.remote())


@contextmanager
def _pool_of(folder: SweepFolder) -> Iterator[PoolClient]:
    """Give the pool; at the end it drops what the sweep still has waiting there."""
    pool = PoolClient()
    try:
        yield pool
    finally:
        pool.call("close", folder.sweep_id)


def _tuner(
    experiment: Experiment, folder: SweepFolder, workers: Workers, study: Study, callback: WatcherCallback
) -> Any:
    trainable = partial(coordinate, experiment=experiment, folder=folder, workers=workers)
    return tune.Tuner(
        tune.with_resources(trainable, tune.PlacementGroupFactory([{this_node_resource(): COORDINATOR_SHARE}])),
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
