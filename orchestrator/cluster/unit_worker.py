"""One board at work: check it when it is due, pull a request, measure, deliver."""

import logging
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.cluster.pool_client import PoolClient
from orchestrator.device.mended import mended_faults
from orchestrator.domain.errors import BoardBusyError, BoardUnavailableError, InfrastructureError
from orchestrator.lab.golden import Golden
from orchestrator.lab.health import UnitHealth
from orchestrator.lab.references import References
from orchestrator.lab.requests import Failure, Lease, Measured
from orchestrator.lab.unit import Unit
from orchestrator.lab.unit_check import check_unit
from orchestrator.lab.unit_status import UnitStatus

logger = logging.getLogger(__name__)

PULL_S = 1.0
"""Longest wait for a request, and so the longest that an idle board takes to notice the end."""


class UnitWorker:
    """Serves one unit in a thread of its own until stopped.

    Args:
        host: of the agent, for the unit's name in the lab.
        references: of the golden images, shared by the units of a host.
        sweep: the only one that it serves; None: any.
    """

    def __init__(
        self,
        unit: Unit,
        host: str,
        pool: PoolClient,
        stop: threading.Event,
        references: References,
        sweep: str | None = None,
    ) -> None:
        self.name = f"{host}/{unit.name}"
        self._unit = unit
        self._pool = pool
        self._stop = stop
        self._sweep = sweep
        self._health = UnitHealth(time.time, trusted=unit.is_trusted)
        self._references = references
        self._busy_with = ""
        self._device_id = ""
        self._measurements = self._failures = 0
        self._thread = threading.Thread(target=self._serve, name=self.name, daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def join(self, timeout_s: float) -> bool:
        """Wait until what is under way has ended and the unit is closed; the stop event must be set.

        Gives False where that takes longer than `timeout_s`.
        """
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def status(self) -> UnitStatus:
        """Say how the unit does."""
        health = self._health
        erasures = self._unit.erasures_of_worst_page(self._device_id) if self._device_id else None
        return UnitStatus(
            unit=self.name,
            board=self._unit.board.name,
            health=health.health,
            device_id=self._device_id,
            busy_with=self._busy_with,
            reason=health.reason,
            checked_at=health.checked_at,
            measurements=self._measurements,
            failures=self._failures,
            worst_page_erasures=erasures or 0,
            endurance_cycles=0 if erasures is None else self._unit.board.flash.endurance_cycles,
            has_meter=self._unit.has_meter,
            sweep=self._sweep,
        )

    def _serve(self) -> None:
        try:
            while not self._stop.is_set():
                self._step()
        finally:
            self._unit.close()

    def _step(self) -> None:
        self._health.look_again()
        try:
            if self._health.may_work:
                self._work()
            elif self._health.check_is_due():
                self._check()
            else:
                self._stop.wait(min(PULL_S, self._health.due_in_s()))
        except InfrastructureError as error:
            logger.error("%s: %s", self.name, error)
            self._stop.wait(PULL_S)
        except Exception as error:  # a defect of ours must not end the board's thread: kept out, checked again later
            logger.exception("%s: failed", self.name)
            self._health.failed(f"defect: {error!r}")

    def _work(self) -> None:
        lease: Lease | None = self._pool.call("pull", self.name, self._unit.board.name, PULL_S, self._sweep)
        if lease is None:
            return
        self._busy_with = lease.request.sweep
        try:
            measured = self._measured(lease)
        except BoardUnavailableError as error:
            self._pool.call("decline", lease.lease_id)
            self._leave(error)
        except InfrastructureError as error:
            logger.warning("%s: %s", self.name, error)
            self._give_back(lease, Failure(error.cause, str(error)))
        except Exception as error:  # a defect of ours must not end the board's thread in silence
            logger.exception("%s: measurement failed", self.name)
            self._give_back(lease, Failure("defect", repr(error)))
        else:
            self._measurements += 1
            request = lease.request
            self._pool.call("deliver", lease.lease_id, request.request_id, request.sweep, measured)
        finally:
            self._busy_with = ""

    def _measured(self, lease: Lease) -> Measured:
        request, started = lease.request, time.monotonic()
        with self._renewed(lease), mended_faults() as mended, tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "serial.log"
            run = self._unit.measure(request, log)
            traffic = log.read_bytes() if request.wants_log else b""
        self._device_id = run.measurement.device
        return Measured(run, self.name, lease.waited_s, time.monotonic() - started, traffic, tuple(mended))

    def _give_back(self, lease: Lease, failure: Failure) -> None:
        self._failures += 1
        self._health.suspect(f"{failure.cause}: {failure.text}")
        self._pool.call("give_back", lease.lease_id, failure)
        self._unit.recover()

    def _leave(self, error: BoardUnavailableError) -> None:
        """Leave the unit to whoever has it; this is nothing to worry about, and tried again soon."""
        logger.info("%s: %s", self.name, error)
        self._health.occupied(f"{error.cause}: {error}")
        if isinstance(error, BoardBusyError):
            self._pool.call("occupied", self.name, self._unit.board.name)

    def _check(self) -> None:
        golden: Golden | None = self._pool.call("golden", self._unit.board.name)
        if golden is None:
            self._stop.wait(PULL_S)  # nobody wants to measure on boards of this type yet
            return
        self._busy_with = "health check"
        try:
            found = self._deviations(golden)
        except BoardUnavailableError as error:
            self._leave(error)
            return
        except InfrastructureError as error:
            found = (f"{error.cause}: {error}",)
        finally:
            self._busy_with = ""
        if not found:
            logger.info("%s: passed its health check", self.name)
            self._health.passed()
            return
        self._health.failed("; ".join(found))
        self._unit.recover()
        logger.error(
            "%s: quarantined, checked again in %.0f s: %s", self.name, self._health.due_in_s(), self._health.reason
        )

    def _deviations(self, golden: Golden) -> tuple[str, ...]:
        check = check_unit(self._unit, golden, self._references)
        self._device_id = check.run.measurement.device
        return check.found

    @contextmanager
    def _renewed(self, lease: Lease) -> Iterator[None]:
        """Keep the lease alive while the block runs."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(lease.lasts_s / 3):
                try:
                    self._pool.call("renew", lease.lease_id, lease.request.request_id, self.name)
                except InfrastructureError as error:
                    logger.error("%s: %s", self.name, error)

        thread = threading.Thread(target=renew, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
