"""A unit worker whose board somebody else uses, with the pool's rules but without Ray."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from orchestrator.cluster.pool_client import PoolClient
from orchestrator.cluster.unit_worker import UnitWorker
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.errors import BoardUnavailableError, PortBusyError
from orchestrator.domain.measurement import DeviceRun
from orchestrator.lab import health
from orchestrator.lab.health import Health
from orchestrator.lab.references import References
from orchestrator.lab.request_queue import RequestQueue
from orchestrator.lab.requests import Lease, MeasureRequest
from tests.records import IMAGE, MEASUREMENT

LIMIT_S = 20.0


class LocalPool:
    """What a worker asks of the pool, answered by the queue itself."""

    def __init__(self) -> None:
        self.queue = RequestQueue(time.monotonic)

    def call(self, method: str, *arguments: Any) -> Any:
        if method == "pull":
            unit, board, timeout_s, sweep = arguments
            return self.queue.take(unit, board, sweep) or time.sleep(timeout_s)
        return getattr(self.queue, method)(*arguments)


class OccupiedUnit:
    """A board that is somebody else's until it is left."""

    name = "kit"
    board = load_board_type(IMAGE.board)
    is_trusted = True
    has_meter = False
    held = True
    error: BoardUnavailableError = PortBusyError("/dev/kit: another program holds the port")

    def measure(self, request: MeasureRequest, log: Path) -> DeviceRun:
        if self.held:
            raise self.error
        return DeviceRun(IMAGE.model_hash, MEASUREMENT, ())

    def erasures_of_worst_page(self, device_id: str) -> None: ...

    def recover(self) -> None:
        raise AssertionError("there is nothing to recover")

    def close(self) -> None: ...


@pytest.fixture
def occupied(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[OccupiedUnit, UnitWorker, RequestQueue]]:
    monkeypatch.setattr(health, "OCCUPIED_S", 0.05)
    unit, pool, stop = OccupiedUnit(), LocalPool(), threading.Event()
    pool.queue.add(MeasureRequest("wanted", "sweep", IMAGE, (), repeats=1))
    worker = UnitWorker(unit, "host", cast(PoolClient, pool), stop, References(None))
    worker.start()
    yield unit, worker, pool.queue
    stop.set()
    assert worker.join(LIMIT_S)


def until(happened: Any) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_is_shown_counts_no_failure_and_measures_when_it_is_free(
    occupied: tuple[OccupiedUnit, UnitWorker, RequestQueue],
) -> None:
    unit, worker, queue = occupied
    until(lambda: worker.status().health is Health.OCCUPIED)
    assert worker.status().reason == "busy: /dev/kit: another program holds the port"
    time.sleep(1.0)  # some twenty attempts, more than a request may fail
    assert len(queue.replies) == 0
    assert queue.faults == {}
    assert worker.status().failures == 0
    unit.held = False
    until(lambda: queue.replies.is_measured("wanted"))
    assert worker.status().health is Health.HEALTHY


def test_another_unit_takes_the_request_meanwhile(
    occupied: tuple[OccupiedUnit, UnitWorker, RequestQueue],
) -> None:
    _, worker, queue = occupied
    until(lambda: worker.status().health is Health.OCCUPIED)
    leases: list[Lease] = []
    until(lambda: leases or leases.extend(filter(None, [queue.take("host/another", IMAGE.board)])))
    assert leases[0].request.request_id == "wanted"
