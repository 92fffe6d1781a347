"""Run all candidates of an experiment with Ray Tune."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import Any

import ray
from ray import tune
from ray.tune.schedulers import AsyncHyperBandScheduler

from orchestrator.cluster.attending import attending
from orchestrator.cluster.board_agent import STOP_S, start_agent
from orchestrator.cluster.coordinator import EPOCH_KEY, VAL_ACCURACY_KEY, coordinate
from orchestrator.cluster.interrupt import InterruptGuard
from orchestrator.cluster.pool_client import PoolClient
from orchestrator.cluster.ray_session import joined_ray, local_ray, this_node_id, this_node_resource
from orchestrator.cluster.ray_stages import RayStages, Workers
from orchestrator.cluster.screening import Screening, TrainerWatch
from orchestrator.cluster.searcher import StudySearcher
from orchestrator.cluster.trainer import AbandonedTrainings, start_trainers
from orchestrator.cluster.watchers import NoProgress, SweepWatcher, WatcherCallback
from orchestrator.datasets.dataset import Dataset
from orchestrator.domain.experiment import Experiment
from orchestrator.journal.journal import Journal
from orchestrator.journal.sweep_folder import SweepFolder
from orchestrator.lab.meters import check_meters
from orchestrator.lab.troubles import BoardTroubles
from orchestrator.search.algorithms import DescribedSpace
from orchestrator.search.replay import replay
from orchestrator.search.study import Study
from orchestrator.training.search_space import describer_of, load_search_space, training_labels_of

logger = logging.getLogger(__name__)

COORDINATOR_SHARE = 0.001
"""Of the resource that only the driver's node has: coordinators run where the sweep's files are."""


def run_candidates(
    experiment: Experiment,
    dataset: Dataset,
    folder: SweepFolder,
    watchers: Sequence[SweepWatcher],
    address: str | None = None,
) -> BoardTroubles:
    """Search, measure, train and verify; every candidate reaches the watchers exactly once when it has ended.

    Gives what went wrong with boards meanwhile.

    Raises:
        InputError: the search space cannot be loaded, or the cluster not joined.
        KeyboardInterrupt: the user stopped the sweep; nothing it started is left running.
    """
    search, module = experiment.search, load_search_space(experiment)
    networks = _described(experiment, module, dataset) if search.needs_shapes else None
    labels = training_labels_of(module)
    study = Study(module.space(), search.algorithm, experiment.seed, search.to_train, labels, networks)
    session = local_ray(experiment) if address is None else joined_ray(address, experiment)
    with (
        InterruptGuard() as guard,
        session as sent,
        _pool_of(folder) as pool,
        attending(sent, folder.sweep_id),
        _boards(sent, folder.sweep_id),
    ):
        workers = Workers(start_trainers(sent), ray.put(dataset))
        trainable = partial(
            coordinate, experiment=sent, stages_of=partial(RayStages, experiment=sent, folder=folder, workers=workers)
        )
        all_watchers = [*watchers, AbandonedTrainings(workers.trainers)]
        make_tuner(trainable, sent, folder, study, all_watchers, guard, workers.trainers).fit()
        guard.check()
        troubles: BoardTroubles = pool.call("troubles", folder.sweep_id)
        return troubles


def _described(experiment: Experiment, module: ModuleType, dataset: Dataset) -> DescribedSpace:
    describe = describer_of(module, dataset.sample_shape, dataset.class_count)
    return DescribedSpace(describe, experiment.fit, filters=experiment.search.filter is not None)


@contextmanager
def _boards(experiment: Experiment, sweep_id: str) -> Iterator[None]:
    """See to it that there are boards: the lab's, or virtual ones of our own of each type that it has none of."""
    units = [unit for unit in PoolClient().call("status").units if unit.sweep is None]
    check_meters(experiment, units)
    served = {unit.board for unit in units}
    missing = [board for board in experiment.boards if board not in served]
    if not missing:
        yield
        return
    agent = start_agent(sweep_id, dict.fromkeys(missing, experiment.resources.virtual_boards), sweep=sweep_id)
    try:
        yield
    finally:
        _stop(agent)


def _stop(agent: Any) -> None:
    try:
        ray.get(agent.stop.remote(), timeout=STOP_S + 5)
    except ray.exceptions.RayError as error:
        logger.warning("the sweep's own boards did not end by themselves: %s", error)
        ray.kill(agent)


@contextmanager
def _pool_of(folder: SweepFolder) -> Iterator[PoolClient]:
    """Give the pool; at the end it drops what the sweep still has waiting there."""
    pool = PoolClient()
    try:
        yield pool
    finally:
        pool.call("close", folder.sweep_id)


def make_tuner(
    trainable: Callable[[dict[str, Any]], None],
    experiment: Experiment,
    folder: SweepFolder,
    study: Study,
    watchers: Sequence[SweepWatcher],
    guard: InterruptGuard,
    trainers: Any = None,
) -> Any:
    """Give a Ray Tune run of `trainable` that asks the study for every candidate.

    The study is fresh: what the folder's journal says, if it says anything, is told to it first.

    Args:
        trainers: handle of their pool; None: there is none.
    """
    journal, search = Journal(folder.journal), experiment.search
    searcher = StudySearcher(
        study,
        search,
        Screening(experiment.resources.trainers, search.trainings),
        journal,
        experiment.fit,
        replay(study, journal.entries(), experiment.fit),
        None if trainers is None else TrainerWatch(trainers),
    )
    here = tune.PlacementGroupFactory(
        [{this_node_resource(): COORDINATOR_SHARE}], bundle_label_selector=[{"ray.io/node-id": this_node_id()}]
    )
    return tune.Tuner(
        tune.with_resources(trainable, here),
        tune_config=tune.TuneConfig(
            search_alg=searcher,
            scheduler=_asha(experiment),
            num_samples=-1,  # until the searcher says that it is over
            max_concurrent_trials=search.concurrent,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            name="tune",
            storage_path=str(folder.ray),
            callbacks=[WatcherCallback(watchers, guard, searcher.begins_anew), NoProgress()],
            verbose=0,
        ),
    )


class _Asha(AsyncHyperBandScheduler):  # type: ignore[misc]
    """ASHA, which pauses nothing; its base looks at every trial there ever was, at each step, for one to start.

    It has Tune keep the processes of trials that ended for those to come. By itself Tune keeps as many as there are
    trials that wait, or a single one, and where not each trial that ends is followed at once it starts most anew.

    Args:
        processes: how many are kept.
    """

    def __init__(self, processes: int, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._processes = processes
        self._are_kept = False

    def choose_trial_to_run(self, tune_controller: Any) -> None:
        """None: Tune then starts those that wait, in their order."""

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        super().on_trial_complete(tune_controller, trial, result)
        if not self._are_kept:
            tune_controller._actor_cache.increase_max(trial.placement_group_factory, by=self._processes)
            self._are_kept = True


def _asha(experiment: Experiment) -> _Asha:
    """ASHA over epochs; it stops a trial *at* max_t, which lies beyond the last epoch: verification follows."""
    training = experiment.training
    return _Asha(
        experiment.search.concurrent,
        time_attr=EPOCH_KEY,
        metric=VAL_ACCURACY_KEY,
        mode="max",
        grace_period=training.grace_epochs,
        max_t=training.epochs + 1,
        reduction_factor=training.reduction_factor,
    )
