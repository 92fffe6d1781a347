"""A place of a labgrid lab as a unit: taken for measurements, given back when there are none."""

import logging
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.config.state_folder import wear_folder
from orchestrator.device.measure import measure_image
from orchestrator.device.wear import WearStore
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import BoardUnavailableError
from orchestrator.domain.flash_options import FlashOptions
from orchestrator.domain.measurement import CyclesSource, DeviceRun
from orchestrator.lab.requests import MeasureRequest
from orchestrator.labgrid_places.coordinator import Coordinator
from orchestrator.labgrid_places.place import PlaceBusyError, console_of, has_power, serial_url

logger = logging.getLogger(__name__)

IDLE_S = 10.0
"""A place is given back when nothing was measured on it for so long."""

HELD_S = 60.0
"""And for a moment after so long in any case, so that a reservation of somebody else's comes to its turn."""

POWER_S = 60.0


class PlaceUnit:
    """Measures through the serial port that an exporter offers for the place.

    A place that somebody else holds, a lost exporter and a lost coordinator are `BoardUnavailableError`.
    """

    is_trusted = False
    has_meter = False

    def __init__(self, name: str, board: BoardType, source: CyclesSource, coordinator: Coordinator) -> None:
        self.name = name
        self.board = board
        self._source = source
        self._coordinator = coordinator
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._held_since: float | None = None

    def measure(self, request: MeasureRequest, log: Path) -> DeviceRun:
        """See `Unit`."""
        options = FlashOptions(keep_stale_weights=request.keep_stale_weights, wear_folder=wear_folder())
        with self._held() as url:
            return measure_image(
                request.image,
                self.board,
                url,
                request.samples,
                cycles_source=self._source,
                repeats=request.repeats,
                log=log,
                flash=options,
            )

    def erasures_of_worst_page(self, device_id: str) -> int:
        """See `Unit`; only what this host has erased is counted."""
        return WearStore(wear_folder()).worst_count(device_id)

    def recover(self) -> None:
        """Switch the place's power off and on, where it has a switch and `labgrid-client` is installed."""
        client = shutil.which("labgrid-client")
        try:
            session = self._coordinator.session()
            if client is None or not has_power(session.place(self.name), session.resources()):
                return
            with self._held():
                self._power_cycle(client)
        except BoardUnavailableError as error:
            logger.info("%s: not power cycled: %s", self.name, error)

    def close(self) -> None:
        """See `Unit`."""
        with self._lock:
            self._stop_timer()
            self._release()

    @contextmanager
    def _held(self) -> Iterator[str]:
        """Hold the place while the block runs, which gets the port's URL."""
        with self._lock:
            self._stop_timer()
            url = self._acquired()
            try:
                yield url
            finally:
                if self._held_since is not None and time.monotonic() - self._held_since > HELD_S:
                    self._release()
                else:
                    self._timer = threading.Timer(IDLE_S, self.close)
                    self._timer.daemon = True
                    self._timer.start()

    def _acquired(self) -> str:
        session, user = self._coordinator.session(), self._coordinator.user
        session.catch_up()
        place = session.place(self.name)
        if place.holder not in ("", user):
            self._held_since = None
            raise PlaceBusyError(f"place {self.name}: is held by {place.holder}")
        try:
            if place.holder and console_of(place, session.resources()).place != self.name:
                session.release(self.name)  # the exporter restarted: what we hold is gone
                place = session.place(self.name)
            console_of(place, session.resources())  # without it, holding the place were of no use
            if not place.holder:
                session.acquire(self.name)
            if self._held_since is None:
                self._held_since = time.monotonic()
            return serial_url(place, console_of(place, session.resources()))
        except BoardUnavailableError:
            self._release()
            raise

    def _release(self) -> None:
        self._held_since = None
        try:
            session = self._coordinator.session()
            if session.place(self.name).holder == self._coordinator.user:
                session.release(self.name)
        except BoardUnavailableError as error:
            logger.warning("%s: not given back: %s", self.name, error)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _power_cycle(self, client: str) -> None:
        command = [client, "-x", self._coordinator.address, "-p", self.name, "power", "cycle"]
        user = {"LG_HOSTNAME": self._coordinator.user_host, "LG_USERNAME": self._coordinator.user_name}
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=POWER_S, check=False, env={**os.environ, **user}
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            logger.error("%s: not power cycled: %s", self.name, error)
            return
        if done.returncode:
            logger.error("%s: not power cycled: %s", self.name, " ".join((done.stderr or done.stdout).split())[-200:])
