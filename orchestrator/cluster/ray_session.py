"""Ray for the time of one command: one of our own on this machine, or a cluster that is joined."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray

from orchestrator.cluster.board_pool import NAMESPACE
from orchestrator.domain.errors import InputError
from orchestrator.domain.experiment import Experiment

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

# Not sent to the workers of a cluster with the experiment's folder: results, stores and what is large for no use.
_NOT_SENT = ["sweeps/", "mlruns/", "*.db", ".git/", ".venv/"]


@contextmanager
def local_ray(experiment: Experiment) -> Iterator[None]:
    """Start Ray for one sweep and stop it, with every process it started, at the end.

    Trainers hold their CPUs as long as the sweep lasts; preparing candidates must not starve beside them, so Ray
    is told of the machine's cores in addition to the trainers' share. They compete for cores as any processes do.
    """
    resources = experiment.resources
    cores = os.cpu_count() or 1
    with _session(num_cpus=cores + resources.trainers * resources.cpus_per_trainer, include_dashboard=False):
        _check_gpus(experiment)
        yield


@contextmanager
def joined_ray(address: str, experiment: Experiment, code: Path | None = None) -> Iterator[None]:
    """Join the cluster at `address` (`auto` or `HOST:PORT`) for one sweep.

    Args:
        code: folder sent to every worker, where the user's own search space lies.

    Raises:
        InputError: no cluster answers there, or it lacks what the experiment asks for.
    """
    with joined(address, code):
        _check_gpus(experiment)
        _check_cpus(experiment)
        yield


@contextmanager
def joined(address: str, code: Path | None = None) -> Iterator[None]:
    """Join a cluster; see `joined_ray`."""
    sent: dict[str, Any] = {"working_dir": str(code), "excludes": _NOT_SENT} if code is not None else {}
    try:
        session = _session(address=address, runtime_env=sent)
        session.__enter__()
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise InputError(
            f"--address {address}: no Ray cluster can be joined there ({_first_line(error)}); "
            "this machine must be a node of it (`ray start --address=HEAD:6379`), with the same token"
        ) from error
    try:
        yield
    finally:
        session.__exit__(None, None, None)


@contextmanager
def _session(runtime_env: dict[str, Any] | None = None, **arguments: Any) -> Iterator[None]:
    os.environ.update(QUIET_ENVIRONMENT)
    ray.init(
        namespace=NAMESPACE,
        log_to_driver=False,
        logging_level=logging.ERROR,
        configure_logging=True,
        runtime_env={"env_vars": {"TF_CPP_MIN_LOG_LEVEL": "3"}, **(runtime_env or {})},
        **arguments,
    )
    try:
        yield
    finally:
        ray.shutdown()


def this_node_resource() -> str:
    """Name of the Ray resource that only this machine has, one unit of it."""
    return f"node:{ray.util.get_node_ip_address()}"


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


def _check_cpus(experiment: Experiment) -> None:
    """One CPU beside the trainers' is needed to prepare candidates."""
    resources = experiment.resources
    wanted = resources.trainers * resources.cpus_per_trainer + 1
    there = ray.cluster_resources().get("CPU", 0.0)
    if wanted > there:
        raise InputError(
            f"resources: {resources.trainers} trainers with cpus_per_trainer {resources.cpus_per_trainer} and one "
            f"task beside them need {wanted} CPUs, but the cluster has {there:g}"
        )


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
