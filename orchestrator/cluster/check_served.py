"""Check units that are served to a cluster, through its pool."""

import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from orchestrator.cluster.pool_client import PoolClient
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.config.hardware_map import selected
from orchestrator.domain.errors import InfrastructureError
from orchestrator.lab.golden import Golden
from orchestrator.lab.references import References
from orchestrator.lab.requests import Failure, Reply
from orchestrator.lab.unit_check import CheckedUnit, UnitCheck, checked, judge
from orchestrator.lab.unit_status import UnitStatus
from orchestrator.pipeline.golden import make_golden

LIMIT_S = 180.0
"""A unit that has not measured by then is busy or sick; `mcutune boards status` says which."""


class NotCheckedError(InfrastructureError):
    """The pool could not have the unit measured; the cause is the last failure's."""

    def __init__(self, cause: str, text: str) -> None:
        super().__init__(text)
        self.cause = cause


def check_served(names: Sequence[str], references: References) -> list[CheckedUnit]:
    """Have the golden image measured by each of the served units named `<host>/<id>`; all of them where none is named.

    Raises:
        InputError: no such unit is served.
    """
    pool = PoolClient()
    units: list[UnitStatus] = selected(names, pool.call("status").units, lambda unit: unit.unit, "the cluster")
    golden = {board: make_golden(load_board_type(board)) for board in {unit.board for unit in units}}
    for image in golden.values():
        pool.call("offer_golden", image)  # units that were never checked check themselves with it first
    sweep = f"check-{uuid.uuid4().hex[:8]}"

    def check(unit: UnitStatus) -> CheckedUnit:
        return checked(unit.unit, unit.board, partial(_check, pool, sweep, unit, golden[unit.board], references))

    try:
        with ThreadPoolExecutor(max_workers=max(1, len(units))) as threads:
            return list(threads.map(check, units))
    finally:
        pool.call("close", sweep)


def _check(pool: PoolClient, sweep: str, unit: UnitStatus, golden: Golden, references: References) -> UnitCheck:
    request = golden.request(sweep, unit.unit)
    deadline = time.monotonic() + LIMIT_S
    reply: Reply | None = None
    while reply is None:
        if time.monotonic() > deadline:
            raise NotCheckedError("no-board", f"did not get to it within {LIMIT_S:g} s")
        reply = pool.call("measure", request)
    if isinstance(reply, Failure):
        raise NotCheckedError(reply.cause, reply.text)
    return judge(reply.run, golden, references)
