"""What an agent needs of a board it owns."""

from pathlib import Path
from typing import Protocol

from orchestrator.domain.board_type import BoardType
from orchestrator.domain.measurement import DeviceRun
from orchestrator.lab.requests import MeasureRequest


class Unit(Protocol):
    """One board, used by one thread at a time.

    Attributes:
        name: unique on its host.
        is_trusted: no health check is needed before the first measurement.
        has_meter: its measurements tell energy.
    """

    name: str
    board: BoardType
    is_trusted: bool
    has_meter: bool

    def measure(self, request: MeasureRequest, log: Path) -> DeviceRun:
        """Flash the request's image and measure it; all traffic goes to `log`.

        Raises:
            InfrastructureError: after whatever retries make sense on one unit.
        """

    def erasures_of_worst_page(self, device_id: str) -> int | None:
        """Give how often the page erased most often was, of the chip with this unique id; None: it does not wear."""

    def recover(self) -> None:
        """Bring the unit back to a known state after a failure, by what means it has."""

    def close(self) -> None:
        """Let go of it; closing twice is fine."""
