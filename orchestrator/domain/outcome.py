"""How a candidate ended: its own outcomes teach the search, a failure of the infrastructure never does."""

from dataclasses import dataclass
from enum import Enum

from orchestrator.domain.budget import Margin, Quantity
from orchestrator.domain.errors import DoesNotFitError, InfrastructureError


class Status(Enum):
    """The ends a candidate can take.

    STOPPED stands beside the four final verdicts on a network: it fits the board, but the scheduler ended its
    training early, so that its accuracy is one of low fidelity and the trained image was never verified.
    """

    DEPLOYABLE = "deployable"
    STOPPED = "stopped"
    INFEASIBLE = "infeasible"
    INVALID = "invalid"
    DIVERGED = "diverged"
    FAILED = "failed"

    @property
    def teaches(self) -> bool:
        """Whether the search may learn from it."""
        return self is not Status.FAILED


@dataclass(frozen=True)
class Outcome:
    """A status with what led to it.

    Attributes:
        reason: one line for people: which budget, which rule, which fault.
        margins: every budget against what was measured; empty when nothing was measured.
        missing_bytes: for an image that does not link: bytes too many per memory region.
        cause: for FAILED: short and stable, e.g. `silent`, `toolchain`.
    """

    status: Status
    reason: str = ""
    margins: tuple[Margin, ...] = ()
    missing_bytes: tuple[tuple[str, int], ...] = ()
    cause: str = ""

    @property
    def broken(self) -> tuple[Quantity, ...]:
        """The quantities whose budget is broken."""
        return tuple(margin.quantity for margin in self.margins if not margin.fits)

    @property
    def violation(self) -> float:
        """Sum of the relative excess over all broken budgets; 0 when all hold."""
        return sum(max(0.0, margin.violation) for margin in self.margins)

    @classmethod
    def deployable(cls, margins: tuple[Margin, ...]) -> "Outcome":
        """All budgets hold for the trained image."""
        return cls(Status.DEPLOYABLE, "all budgets hold", margins)

    @classmethod
    def stopped(cls, epoch: int, margins: tuple[Margin, ...]) -> "Outcome":
        """Fits, but training was ended by the scheduler after `epoch` epochs."""
        return cls(Status.STOPPED, f"training stopped early after epoch {epoch}", margins)

    @classmethod
    def over_budget(cls, margins: tuple[Margin, ...]) -> "Outcome":
        """At least one budget is broken."""
        broken = "; ".join(str(margin) for margin in margins if not margin.fits)
        return cls(Status.INFEASIBLE, f"over budget: {broken}", margins)

    @classmethod
    def does_not_link(cls, error: DoesNotFitError) -> "Outcome":
        """The image needs more than the board's memories have."""
        return cls(Status.INFEASIBLE, str(error), missing_bytes=tuple(sorted(error.missing_bytes.items())))

    @classmethod
    def invalid(cls, reason: str) -> "Outcome":
        """The configuration describes no valid network."""
        return cls(Status.INVALID, reason)

    @classmethod
    def diverged(cls, reason: str, margins: tuple[Margin, ...]) -> "Outcome":
        """Training gave NaN or learned nothing; the measured margins still count."""
        return cls(Status.DIVERGED, reason, margins)

    @classmethod
    def failed(cls, error: InfrastructureError) -> "Outcome":
        """The infrastructure failed; the network is not to blame."""
        return cls(Status.FAILED, str(error), cause=error.cause)
