"""Who leads a sweep says so again and again; what the pool knows of those who fell silent is forgotten."""

from collections.abc import Callable
from dataclasses import dataclass

ATTEND_S = 15.0
"""How often a sweep's driver says that it is there."""

ABSENT_S = 8 * ATTEND_S
"""Who said nothing for so long has died."""


@dataclass(frozen=True)
class Attendance:
    """A sweep that is under way, and the CPUs that its trainers hold as long as it lasts."""

    sweep: str
    trainer_cpus: int


class AttendanceList:
    """The sweeps under way."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._seen: dict[str, tuple[float, Attendance]] = {}

    def attend(self, attendance: Attendance) -> tuple[Attendance, ...]:
        """Note that a sweep is under way; gives the others that are."""
        self._seen[attendance.sweep] = (self._now(), attendance)
        return tuple(other for _, other in self._seen.values() if other.sweep != attendance.sweep)

    def sweeps(self) -> tuple[str, ...]:
        """Name the sweeps under way."""
        return tuple(self._seen)

    def leave(self, sweep: str) -> None:
        """Forget a sweep that has ended."""
        self._seen.pop(sweep, None)

    def absent(self) -> list[str]:
        """Give the sweeps whose driver fell silent, and forget them."""
        since = self._now() - ABSENT_S
        gone = [sweep for sweep, (at, _) in self._seen.items() if at < since]
        for sweep in gone:
            self.leave(sweep)
        return gone
