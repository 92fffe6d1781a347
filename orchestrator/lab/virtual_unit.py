"""A virtual board as a unit of the lab, on request with faults, to rehearse what nights in a lab bring."""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.domain.board_type import BoardType
from orchestrator.domain.flash_options import FlashOptions
from orchestrator.domain.measurement import CyclesSource, DeviceRun
from orchestrator.lab.devices import VirtualDevice, measure_on
from orchestrator.lab.requests import MeasureRequest
from orchestrator.virtual_board.process import start_virtual_board

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rehearsal:
    """Faults to happen by chance: each of `faults` in a share `rate` of the measurements, drawn from `seed`."""

    faults: tuple[str, ...]
    rate: float
    seed: int


class VirtualUnit:
    """Starts its board when it is first needed, and again when it has died or failed: its power cycle."""

    has_meter = False
    is_trusted = True  # a new process has nothing wrong with it

    def __init__(self, name: str, board: BoardType, rehearsal: Rehearsal | None = None) -> None:
        self.name = name
        self.board = board
        self._rehearsal = rehearsal
        self._draw = random.Random(f"{rehearsal.seed if rehearsal else 0}/{name}")
        self._device: VirtualDevice | None = None

    def erasures_of_worst_page(self, device_id: str) -> None:
        """See `Unit`: its flash does not wear."""

    def measure(self, request: MeasureRequest, log: Path) -> DeviceRun:
        """See `Unit`."""
        faults = self._drawn_faults()
        if faults:
            self.close()
        device = self._running(faults)
        try:
            return measure_on(
                device,
                request.image,
                self.board,
                request.samples,
                repeats=request.repeats,
                log=log,
                flash=FlashOptions(keep_stale_weights=request.keep_stale_weights),
            )
        finally:
            if faults:
                self.close()

    def recover(self) -> None:
        """See `Unit`."""
        self.close()

    def close(self) -> None:
        """See `Unit`."""
        if self._device is not None:
            self._device.close()
        self._device = None

    def _running(self, faults: Sequence[str]) -> VirtualDevice:
        if self._device is None or not self._device.is_alive():
            self.close()
            process = start_virtual_board(self.board, faults=faults, fault_seed=self._draw.getrandbits(16))
            self._device = VirtualDevice(process, CyclesSource.VIRTUAL)
        return self._device

    def _drawn_faults(self) -> list[str]:
        if self._rehearsal is None:
            return []
        drawn = [fault for fault in self._rehearsal.faults if self._draw.random() < self._rehearsal.rate]
        if drawn:
            logger.info("%s: faults on request: %s", self.name, ", ".join(drawn))
        return drawn
