"""How a candidate ended: its own outcomes teach the search, a failure of the infrastructure never does."""

from dataclasses import dataclass
from enum import Enum

from orchestrator.domain.budget import Margin, Quantity
from orchestrator.domain.deployability import Deployability, Fit, Shortage
from orchestrator.domain.errors import InfrastructureError


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
        margins: every budget against what was measured, board by board; empty when nothing was measured.
        shortages: where the image does not link: bytes too many per memory region.
        violation: how far from deployable, see `Deployability`; 0 when it is.
        boards: the board types on which all budgets hold.
        cause: for FAILED: short and stable, e.g. `silent`, `toolchain`.
    """

    status: Status
    reason: str = ""
    margins: tuple[Margin, ...] = ()
    shortages: tuple[Shortage, ...] = ()
    cause: str = ""
    violation: float = 0.0
    boards: tuple[str, ...] = ()

    @property
    def broken(self) -> tuple[Quantity, ...]:
        """The quantities whose budget is broken."""
        return tuple(margin.quantity for margin in self.margins if not margin.fits)

    @classmethod
    def deployable(cls, found: Deployability) -> "Outcome":
        """All budgets hold for the trained image, on every board that counts."""
        reason = "all budgets hold" if found.fit is Fit.ALL else f"all budgets hold on {', '.join(found.boards)}"
        return cls(Status.DEPLOYABLE, reason, found.margins, found.shortages, boards=found.boards)

    @classmethod
    def stopped(cls, epoch: int, found: Deployability) -> "Outcome":
        """Fits, but training was ended by the scheduler after `epoch` epochs."""
        reason = f"training stopped early after epoch {epoch}"
        return cls(Status.STOPPED, reason, found.margins, found.shortages, boards=found.boards)

    @classmethod
    def infeasible(cls, found: Deployability) -> "Outcome":
        """A budget is broken, or the image needs more than a board's memories have."""
        return cls(
            Status.INFEASIBLE,
            found.reason(),
            found.margins,
            found.shortages,
            violation=found.violation,
            boards=found.boards,
        )

    @classmethod
    def invalid(cls, reason: str) -> "Outcome":
        """The configuration describes no valid network."""
        return cls(Status.INVALID, reason)

    @classmethod
    def diverged(cls, reason: str, found: Deployability) -> "Outcome":
        """Training gave NaN or learned nothing; the measured margins still count."""
        return cls(Status.DIVERGED, reason, found.margins, found.shortages)

    @classmethod
    def failed(cls, error: InfrastructureError) -> "Outcome":
        """The infrastructure failed; the network is not to blame."""
        return cls(Status.FAILED, str(error), cause=error.cause)
