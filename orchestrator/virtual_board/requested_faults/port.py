"""The port that vanishes, as when a kit's USB interface resets, and comes back under another URL."""

from orchestrator.virtual_board.requested_faults.sites import Sites
from orchestrator.virtual_board.requested_faults.when import Trigger
from orchestrator.virtual_board.wire import Passed


class VanishingPort:
    """Vanishes at a byte that the board sends, and stays away for `away_s`."""

    def __init__(self, trigger: Trigger, away_s: float) -> None:
        self._trigger = trigger
        self._away_s = away_s
        self._sites: Sites | None = None

    def install(self, sites: Sites) -> None:
        """Watch what the board sends."""
        self._sites = sites
        sites.to_host.faults.append(self)

    def passed(self, byte: int) -> Passed:
        """Let the byte pass, or the port vanish with it."""
        if self._sites is None or not self._trigger.hits():
            return Passed(bytes([byte]))
        self._sites.vanish(self._away_s)
        return Passed(b"")
