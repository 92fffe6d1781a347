"""A dev kit of the hardware map as a unit of the lab."""

import logging
import subprocess
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.config.state_folder import wear_folder
from orchestrator.device.flashing import flash_image
from orchestrator.device.link import Link
from orchestrator.device.measure import measure_image
from orchestrator.device.ppk2 import Ppk2
from orchestrator.device.wear import WearStore
from orchestrator.domain.board_type import BoardType
from orchestrator.domain.errors import DeviceError
from orchestrator.domain.flash_options import Flashed, FlashOptions
from orchestrator.domain.mapped_device import MappedDevice
from orchestrator.domain.measurement import DeviceRun
from orchestrator.domain.model import FirmwareImage
from orchestrator.lab.requests import MeasureRequest

logger = logging.getLogger(__name__)

SCRIPT_S = 60.0
"""The longest that a script of the hardware map may take."""


class ScriptFailedError(DeviceError):
    """A script of the hardware map ended with an error, or not in time."""

    cause = "script"


class MappedUnit:
    """Runs the row's scripts around each measurement; they are started as programs, never through a shell."""

    is_trusted = False

    def __init__(self, device: MappedDevice) -> None:
        self.name = device.id
        self.board = load_board_type(device.platform)
        self.has_meter = device.meter is not None
        self._device = device

    def erasures_of_worst_page(self, device_id: str) -> int:
        """See `Unit`."""
        return WearStore(wear_folder()).worst_count(device_id)

    def measure(self, request: MeasureRequest, log: Path) -> DeviceRun:
        """See `Unit`."""
        self._run_script(self._device.pre_script)
        setup = self._device.meter
        options = replace(self._device.flash, keep_stale_weights=request.keep_stale_weights, wear_folder=wear_folder())
        try:
            with nullcontext() if setup is None else Ppk2(setup) as meter:
                return measure_image(
                    request.image,
                    self.board,
                    self._device.serial,
                    request.samples,
                    cycles_source=self._device.cycles_source,
                    repeats=request.repeats,
                    log=log,
                    flasher=self._flash,
                    flash=options,
                    meter=meter,
                )
        finally:
            self._run_script(self._device.post_script)

    def recover(self) -> None:
        """Nothing beyond the reset that every measurement begins with: the health check shows whether it helps."""

    def close(self) -> None:
        """Nothing is held between measurements."""

    def _flash(self, link: Link, image: FirmwareImage, board: BoardType, options: FlashOptions) -> Flashed:
        flashed = flash_image(link, image, board, options)
        self._run_script(self._device.post_flash_script)
        return flashed

    def _run_script(self, script: Path | None) -> None:
        if script is None:
            return
        command = [str(script), self._device.serial, self._device.id]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SCRIPT_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ScriptFailedError(f"{self.name}: {script}: {error}") from error
        if done.returncode:
            said = " ".join((done.stderr or done.stdout).split())[-200:]
            raise ScriptFailedError(f"{self.name}: {script} ended with {done.returncode}: {said}")
