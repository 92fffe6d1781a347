"""One board's thread against the rules of the pool, on real virtual boards, without Ray."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cluster.unit_worker import UnitWorker
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.measurement import DeviceRun
from orchestrator.lab import health
from orchestrator.lab.golden import Golden
from orchestrator.lab.health import Health
from orchestrator.lab.references import References
from orchestrator.lab.request_queue import Patience, RequestQueue
from orchestrator.lab.requests import Measured, MeasureRequest
from orchestrator.lab.unit_status import UnitStatus
from orchestrator.lab.virtual_unit import VirtualUnit
from orchestrator.pipeline.golden import make_golden

BOARD = load_board_type("nucleo_l476rg")


@pytest.fixture(scope="module")
def golden() -> Golden:
    return make_golden(BOARD)


class PoolInThisProcess:
    """Answers calls as the board pool does."""

    def __init__(self, golden: Golden, patience: Patience) -> None:
        self.queue = RequestQueue(time.monotonic, patience)
        self._sound = golden
        self._lock = threading.Lock()
        self.renewals = 0

    def call(self, method: str, *arguments: Any) -> Any:
        with self._lock:
            return getattr(self, f"_{method}")(*arguments)

    def _pull(self, unit: str, board: str, timeout_s: float, sweep: str | None) -> Any:
        time.sleep(0.02)
        self.queue.expire()
        return self.queue.take(unit, board, sweep)

    def _renew(self, *arguments: Any) -> bool:
        self.renewals += 1
        return self.queue.renew(*arguments)

    def _deliver(self, *arguments: Any) -> None:
        self.queue.deliver(*arguments)

    def _give_back(self, *arguments: Any) -> None:
        self.queue.give_back(*arguments)

    def _golden(self, board: str) -> Golden:
        return self._sound


class MoodyUnit(VirtualUnit):
    """A virtual board that has the faults, or raises the errors, that are written down for its next measurements."""

    def __init__(self, *moods: str | Exception) -> None:
        super().__init__("moody", BOARD)
        self._moods = list(moods)
        self.slow_s = 0.0

    def measure(self, request: MeasureRequest, log: Path) -> DeviceRun:
        time.sleep(self.slow_s)
        if self._moods and isinstance(self._moods[0], Exception):
            raise self._moods.pop(0)  # type: ignore[misc]
        return super().measure(request, log)

    def _drawn_faults(self) -> list[str]:
        return [str(self._moods.pop(0))] if self._moods else []


@contextmanager
def serving(unit: MoodyUnit, pool: PoolInThisProcess) -> Iterator[UnitWorker]:
    stop = threading.Event()
    worker = UnitWorker(unit, "host", pool, stop, References(None))  # type: ignore[arg-type]
    worker.start()
    try:
        yield worker
    finally:
        stop.set()
        assert worker.join(30.0)


def until(condition: Callable[[], Any], limit_s: float = 60.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def wanted(golden: Golden) -> MeasureRequest:
    return MeasureRequest("a", "sweep", golden.image, golden.samples, repeats=1)


def test_a_unit_that_fails_its_check_is_kept_out_checked_again_and_comes_back(
    golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "FIRST_RECHECK_S", 0.3)
    pool = PoolInThisProcess(golden, Patience())
    pool.queue.add(wanted(golden))
    seen: list[UnitStatus] = []
    with serving(MoodyUnit("flash-worn=2", "flash-worn=2", "flash-worn=2"), pool) as worker:
        until(lambda: seen.append(worker.status()) or "a" in pool.queue.replies)
        end = worker.status()
    kept_out = [status for status in seen if status.health is Health.QUARANTINED]
    assert "flash-failed" in kept_out[0].reason
    assert (end.health, end.measurements, end.failures) == (Health.HEALTHY, 1, 1)
    assert isinstance(pool.queue.replies["a"], Measured)
    assert pool.queue.faults["sweep"]["flash-failed"] == 1


@pytest.mark.parametrize("moods", [(ValueError("in a measurement"),), ("flash-worn=2", ValueError("in a check"))])
def test_a_defect_of_ours_does_not_end_the_units_thread(
    golden: Golden, monkeypatch: pytest.MonkeyPatch, moods: tuple[str | Exception, ...]
) -> None:
    monkeypatch.setattr(health, "FIRST_RECHECK_S", 0.3)
    pool = PoolInThisProcess(golden, Patience())
    pool.queue.add(wanted(golden))
    with serving(MoodyUnit(*moods), pool):
        until(lambda: "a" in pool.queue.replies)
    assert isinstance(pool.queue.replies["a"], Measured)


def test_a_lease_is_renewed_while_a_long_measurement_runs(golden: Golden) -> None:
    pool = PoolInThisProcess(golden, Patience(lease_s=0.6))
    pool.queue.add(wanted(golden))
    unit = MoodyUnit()
    unit.slow_s = 1.5
    with serving(unit, pool):
        until(lambda: pool.call("pull", "other", BOARD.name, 0.0, None) or "a" in pool.queue.replies)
    assert isinstance(pool.queue.replies["a"], Measured)
    assert pool.renewals >= 3
    assert pool.queue.faults.get("sweep") is None


def test_a_fault_that_a_fresh_start_mends_is_counted_and_fails_nothing(golden: Golden) -> None:
    pool = PoolInThisProcess(golden, Patience())
    pool.queue.add(wanted(golden))
    with serving(MoodyUnit("hang=1"), pool) as worker:
        until(lambda: "a" in pool.queue.replies)
        assert worker.status().failures == 0
    assert pool.queue.faults["sweep"] == {"silent": 1}
