"""Which agents are there, by what they report of their units again and again."""

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.lab.unit_status import UnitStatus

REPORT_S = 2.0
"""How often an agent reports."""

LOST_S = 5 * REPORT_S
"""One that missed several reports is taken for lost; its name is free again."""


@dataclass(frozen=True)
class _Report:
    at: float
    identity: str
    units: tuple[UnitStatus, ...]


class RollCall:
    """The last report of each agent, with a clock passed in."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._reports: dict[str, _Report] = {}

    def report(self, agent: str, identity: str, units: tuple[UnitStatus, ...]) -> bool:
        """Take an agent's word on its units; False: its name is another agent's.

        Args:
            identity: tells agents of one name apart; the same one after a restart, if that is to go unnoticed.
        """
        self._forget_the_lost()
        known = self._reports.get(agent)
        if known is not None and known.identity != identity:
            return False
        self._reports[agent] = _Report(self._now(), identity, units)
        return True

    def leave(self, agent: str, identity: str) -> None:
        """Forget an agent that ends."""
        if agent in self._reports and self._reports[agent].identity == identity:
            del self._reports[agent]

    def units(self) -> tuple[UnitStatus, ...]:
        """Give every unit that was reported lately, by name."""
        self._forget_the_lost()
        return tuple(
            sorted((unit for each in self._reports.values() for unit in each.units), key=lambda unit: unit.unit)
        )

    def _forget_the_lost(self) -> None:
        since = self._now() - LOST_S
        self._reports = {agent: each for agent, each in self._reports.items() if each.at >= since}
