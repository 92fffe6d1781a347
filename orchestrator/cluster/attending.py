"""A sweep's word to the board pool that it is under way."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import ray

from orchestrator.cluster.pool_client import PoolClient
from orchestrator.cluster.ray_session import check_cpus
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.errors import InfrastructureError
from orchestrator.domain.experiment import Experiment
from orchestrator.lab.attendance import ATTEND_S, Attendance
from orchestrator.pipeline.golden import make_golden

logger = logging.getLogger(__name__)


@contextmanager
def attending(experiment: Experiment, sweep_id: str) -> Iterator[None]:
    """Tell the pool of the sweep as long as the block lasts, and bring the images that units are checked with.

    Raises:
        InputError: the trainers of the sweeps under way would leave no CPU of the cluster to prepare candidates.
    """
    resources = experiment.resources
    attendance = Attendance(sweep_id, resources.trainers * resources.cpus_per_trainer)
    golden = ray.put(tuple(make_golden(load_board_type(board)) for board in experiment.boards))
    pool, ended = PoolClient(), threading.Event()
    others = pool.call("attend", attendance, golden)
    check_cpus(experiment, sum(other.trainer_cpus for other in others))

    def attend() -> None:
        while not ended.wait(ATTEND_S):
            try:
                pool.call("attend", attendance, golden)
            except InfrastructureError as error:
                logger.error("the board pool does not hear of this sweep: %s", error)

    thread = threading.Thread(target=attend, name="attend", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(ATTEND_S)
