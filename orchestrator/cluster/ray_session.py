"""Ray for the time of one command: one of our own on this machine, or a cluster that is joined."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import ray

from orchestrator.cluster import ray_messages
from orchestrator.cluster.board_pool import NAMESPACE
from orchestrator.domain.errors import InputError
from orchestrator.domain.experiment import Experiment

# Read by Ray and Tune when they start: no banners, no result tables, no per-trial logger files, no usage pings;
# a sweep is resumed from its journal, so that Tune need not save every trial it ever had again and again;
# our reports carry no metric while nothing is trained; Ctrl-C is handled by the command line.
QUIET_ENVIRONMENT = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "1e9",
    "TUNE_WARN_SLOW_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "600",
}

RESULTS = ["sweeps/", "mlruns/", "*.db", ".git/", ".venv/"]
"""Never sent to a cluster with the experiment's folder."""

NOT_FOR_WORKERS = [*RESULTS, "*.npz"]
"""Workers get data through the object store."""

RAY_JOB = "RAY_JOB_CONFIG_JSON_ENV_VAR"
"""Set by Ray in the process of a job that was submitted."""


@contextmanager
def local_ray(experiment: Experiment) -> Iterator[Experiment]:
    """Start Ray for one sweep and stop it, with every process it started, at the end; gives the experiment.

    Trainers hold their CPUs as long as the sweep lasts; preparing candidates must not starve beside them, so Ray
    is told of the machine's cores in addition to the trainers' share. They compete for cores as any processes do.
    """
    resources = experiment.resources
    cores = os.cpu_count() or 1
    cpus = cores + resources.trainers * resources.cpus_per_trainer
    # "local", or Ray would join any cluster that this machine happens to be a node of.
    with _session(address="local", num_cpus=cpus, include_dashboard=False):
        _check_gpus(experiment)
        yield experiment


@contextmanager
def joined_ray(address: str, experiment: Experiment) -> Iterator[Experiment]:
    """Join the cluster at `address` (`auto` or `HOST:PORT`) for one sweep.

    The folder of the experiment file is sent to every worker, which finds the user's own search space in it; the
    experiment that is given has no such folder any more.

    Raises:
        InputError: no cluster answers there, or it lacks what the experiment asks for.
    """
    with joined(address, _sent_with(experiment)):
        _check_gpus(experiment)
        check_cpus(experiment)
        yield replace(experiment, code=None)


@contextmanager
def joined(address: str, sent: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Join a cluster; see `joined_ray`.

    Args:
        sent: keys of a Ray `runtime_env`.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(_session(address=address, runtime_env=dict(sent or {})))
        except ray.exceptions.RuntimeEnvSetupError as error:
            raise InputError(f"--address {address}: the experiment's folder cannot be sent: {_text(error)}") from error
        except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            raise InputError(
                f"--address {address}: no Ray cluster can be joined there ({_text(error)}); this machine must be a "
                "node of it (`ray start --address=HEAD:6379`), with the same token: docs/cluster.md"
            ) from error
        yield


def _sent_with(experiment: Experiment) -> dict[str, Any]:
    """What the workers need of this machine: the folder with the user's search space, without results and data.

    A job that was submitted has brought its folder along; an installed search space is on every node.
    """
    if experiment.code is None or RAY_JOB in os.environ:
        return {}
    own = experiment.code.joinpath(*experiment.search_space.split("."))
    if not own.with_suffix(".py").exists() and not (own / "__init__.py").exists():
        return {}
    return {"working_dir": str(experiment.code), "excludes": NOT_FOR_WORKERS}


@contextmanager
def _session(runtime_env: dict[str, Any] | None = None, **arguments: Any) -> Iterator[None]:
    os.environ.update(QUIET_ENVIRONMENT)
    ray_messages.to_the_log()
    try:
        ray.init(
            namespace=NAMESPACE,
            log_to_driver=False,
            logging_level=logging.ERROR,
            configure_logging=True,
            runtime_env={"env_vars": {"TF_CPP_MIN_LOG_LEVEL": "3"}, **(runtime_env or {})},
            **arguments,
        )
        yield
    finally:
        ray.shutdown()


def this_node_resource() -> str:
    """Name of the Ray resource that only this machine has, one unit of it."""
    return f"node:{ray.util.get_node_ip_address()}"


def this_node_id() -> str:
    """Ray's id of the node that this process belongs to: several may share an address."""
    return str(ray.get_runtime_context().get_node_id())


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


def check_cpus(experiment: Experiment, taken: int = 0) -> None:
    """Refuse a sweep whose trainers would leave no CPU to prepare candidates: it would wait for ever.

    Args:
        taken: CPUs that the trainers of other sweeps hold.
    """
    resources = experiment.resources
    wanted = resources.trainers * resources.cpus_per_trainer + 1
    there = ray.cluster_resources().get("CPU", 0.0)
    if wanted + taken > there:
        others = f", of which trainers of other sweeps hold {taken}" if taken else ""
        raise InputError(
            f"resources: {resources.trainers} trainers with cpus_per_trainer {resources.cpus_per_trainer} and one "
            f"task beside them need {wanted} CPUs, but the cluster has {there:g}{others}"
        )


def _text(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
