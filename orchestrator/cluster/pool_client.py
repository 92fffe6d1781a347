"""Calls to the board pool that survive its restart."""

import logging
import time
from collections.abc import Callable
from typing import Any

import ray

from orchestrator.cluster.board_pool import start_board_pool
from orchestrator.domain.errors import InfrastructureError

logger = logging.getLogger(__name__)

PAUSE_S = 1.0
GIVE_UP_S = 120.0


class PoolLostError(InfrastructureError):
    """The board pool did not come back."""

    cause = "pool-lost"


class PoolClient:
    """The pool by name: where the actor died another is started, and the call is made again.

    Raises:
        PoolLostError: by every call that found no pool for `GIVE_UP_S`.
    """

    def __init__(self, stopped: Callable[[], bool] = lambda: False) -> None:
        self._stopped = stopped
        self._pool: Any = None

    def call(self, method: str, *arguments: Any) -> Any:
        """Call a method of `BoardPool` and wait for what it gives."""
        give_up_at = time.monotonic() + GIVE_UP_S
        while True:
            try:
                if self._pool is None:
                    self._pool = start_board_pool()
                return ray.get(getattr(self._pool, method).remote(*arguments))
            except ray.exceptions.RayActorError as error:
                self._pool = None
                logger.warning("the board pool is gone (%s); asking again", " ".join(str(error).split())[:200])
                if self._stopped() or time.monotonic() > give_up_at:
                    raise PoolLostError(f"no board pool for {GIVE_UP_S:g} s while calling {method}") from error
                time.sleep(PAUSE_S)
