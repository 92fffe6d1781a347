"""Calls to the board pool that survive its restart."""

import logging
import time
from collections.abc import Callable
from typing import Any

import ray

from orchestrator.cluster.board_pool import ANSWER_S, start_board_pool
from orchestrator.domain.errors import InfrastructureError

logger = logging.getLogger(__name__)

PAUSE_S = 1.0
CALL_S = 3 * ANSWER_S
"""Longest wait for an answer: the pool keeps nobody waiting for more than `ANSWER_S`, but may have to be restarted."""

GIVE_UP_S = 120.0


class PoolLostError(InfrastructureError):
    """The board pool did not come back."""

    cause = "pool-lost"


class PoolDefectError(InfrastructureError):
    """The board pool answered with an error that it should never give."""

    cause = "pool-defect"


class PoolClient:
    """The pool by name: where the actor died another is started, and the call is made again.

    Raises:
        PoolLostError: by every call that found no pool for `GIVE_UP_S`.
        PoolDefectError: by a call that the pool could not carry out.
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
                return ray.get(getattr(self._pool, method).remote(*arguments), timeout=CALL_S)
            except ray.exceptions.RayTaskError as error:
                raise PoolDefectError(f"{method}: {error.cause!r}") from error
            except (ray.exceptions.RayError, ConnectionError) as error:
                self._pool = None
                logger.warning("the board pool is gone (%s); asking again", " ".join(str(error).split())[:200])
                if self._stopped() or time.monotonic() > give_up_at:
                    raise PoolLostError(f"no board pool for {GIVE_UP_S:g} s while calling {method}") from error
                time.sleep(PAUSE_S)
