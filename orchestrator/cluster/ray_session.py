"""A Ray of our own on this machine for the time of one sweep."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import ray

from orchestrator.cluster.coordinator import COORDINATOR_RESOURCE
from orchestrator.domain.errors import InputError
from orchestrator.domain.experiment import Experiment

NAMESPACE = "mcutune"

# Read by Ray and Tune when they start: no banners, no result tables, no per-trial logger files, no usage pings;
# our reports carry no metric while nothing is trained; Ctrl-C is handled by the command line.
QUIET_ENVIRONMENT = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_WARN_SLOW_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "600",
}


@contextmanager
def local_ray(experiment: Experiment) -> Iterator[None]:
    """Start Ray for one sweep and stop it, with every process it started, at the end.

    Trainers hold their CPUs as long as the sweep lasts; preparing candidates must not starve beside them, so Ray
    is told of the machine's cores in addition to the trainers' share. They compete for cores as any processes do.
    """
    os.environ.update(QUIET_ENVIRONMENT)
    resources = experiment.resources
    cores = os.cpu_count() or 1
    ray.init(
        num_cpus=cores + resources.trainers * resources.cpus_per_trainer,
        resources={COORDINATOR_RESOURCE: experiment.search.concurrent},
        namespace=NAMESPACE,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        configure_logging=True,
        runtime_env={"env_vars": {"TF_CPP_MIN_LOG_LEVEL": "3"}},
    )
    try:
        _check_gpus(experiment)
        yield
    finally:
        ray.shutdown()


def _check_gpus(experiment: Experiment) -> None:
    """Refuse at once what would wait for ever: trainers that ask for more GPUs than there are."""
    resources = experiment.resources
    wanted = resources.trainers * resources.gpus_per_trainer
    there = ray.cluster_resources().get("GPU", 0.0)
    if wanted > there:
        raise InputError(
            f"resources: {resources.trainers} trainers with gpus_per_trainer {resources.gpus_per_trainer} "
            f"need {wanted:g} GPUs, but there are {there:g}"
        )
