"""Whether a unit may be trusted: suspected after a failure, kept out until it passes its check."""

from collections.abc import Callable
from enum import Enum

FIRST_RECHECK_S = 10.0
LAST_RECHECK_S = 600.0
"""A quarantined unit is checked again after the first, then after twice as long each time up to the last."""


OCCUPIED_S = 5.0
"""A unit that somebody else uses is asked again after so long: soon, for it takes nothing but the question."""


class Health(Enum):
    """What is believed of a unit."""

    UNCHECKED = "unchecked"
    HEALTHY = "healthy"
    QUARANTINED = "quarantined"
    OCCUPIED = "occupied"


class UnitHealth:
    """The health of one unit; who owns the unit asks `check_is_due` before every piece of work.

    Attributes:
        health: what is believed at present.
        reason: why it is not healthy, for people.
        checked_at: when it was last checked, by the clock passed in; None: never.
    """

    def __init__(self, now: Callable[[], float], *, trusted: bool = False) -> None:
        self._now = now
        self._recheck_s = FIRST_RECHECK_S
        self._next_check_at = now()
        self.health = Health.HEALTHY if trusted else Health.UNCHECKED
        self.reason = "" if trusted else "not checked yet"
        self.checked_at: float | None = None
        self._occupied_until = now()
        self._unoccupied = self.health, self.reason

    @property
    def may_work(self) -> bool:
        """Whether the unit may take work now."""
        return self.health is Health.HEALTHY

    def check_is_due(self) -> bool:
        """Whether the unit is to be checked before anything else."""
        return self.health not in (Health.HEALTHY, Health.OCCUPIED) and self._now() >= self._next_check_at

    def due_in_s(self) -> float:
        """Seconds until something is to be done with a unit that may not work."""
        due_at = self._occupied_until if self.health is Health.OCCUPIED else self._next_check_at
        return max(0.0, due_at - self._now())

    def suspect(self, reason: str) -> None:
        """Distrust the unit after a measurement that failed: it is checked at once."""
        self.health = Health.UNCHECKED
        self.reason = reason
        self._next_check_at = self._now()

    def passed(self) -> None:
        """Trust the unit again."""
        self.health = Health.HEALTHY
        self.reason = ""
        self.checked_at = self._now()
        self._recheck_s = FIRST_RECHECK_S

    def occupied(self, reason: str) -> None:
        """Leave the unit to somebody else for a while; what was believed of it stays."""
        self._unoccupied = self.health, self.reason
        self.health, self.reason = Health.OCCUPIED, reason
        self._occupied_until = self._now() + OCCUPIED_S

    def look_again(self) -> None:
        """Believe what was believed before somebody else had the unit, once that is a while ago."""
        if self.health is Health.OCCUPIED and self._now() >= self._occupied_until:
            self.health, self.reason = self._unoccupied

    def failed(self, reason: str) -> None:
        """Keep the unit out, for longer each time."""
        self.health = Health.QUARANTINED
        self.reason = reason
        self.checked_at = self._now()
        self._next_check_at = self._now() + self._recheck_s
        self._recheck_s = min(2.0 * self._recheck_s, LAST_RECHECK_S)
