"""The record of one candidate: what was proposed, measured, trained, verified, and how it ended."""

from dataclasses import dataclass
from typing import Any

from orchestrator.domain.measurement import Measurement
from orchestrator.domain.outcome import Outcome, Status
from orchestrator.domain.parity import NotCompared, ParityReport


@dataclass(frozen=True)
class EpochResult:
    """One finished epoch of float training."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


@dataclass(frozen=True)
class Verification:
    """The trained network on the boards.

    Attributes:
        measurements: one per board type on which the untrained network kept its budgets.
        device_matches_host: outputs of every device equal the host build of the same C, byte for byte.
        against_tflm: these outputs against TFLM, where it runs the network.
        int8_val_accuracy: over the whole validation split, by the host build; what the search is told.
        cycles_drift: cycles of the trained image relative to the untrained one's, minus 1; the largest of all boards.
    """

    measurements: tuple[Measurement, ...]
    device_matches_host: bool
    against_tflm: ParityReport | NotCompared
    int8_val_accuracy: float
    cycles_drift: float


@dataclass(frozen=True)
class Begun:
    """A candidate that the search has handed out.

    Attributes:
        ticket: the search's number of the point.
        drawn: value by label of the search space, where the label is active.
    """

    candidate_id: str
    ticket: int
    drawn: dict[str, int | float]


@dataclass(frozen=True)
class CandidateRecord:
    """Everything known of one candidate; each stage gives a new record with more in it.

    Attributes:
        config: the point of the search space, as the space's builder takes it.
        screening: measured before training, one per board type on which the image links.
        stage_s: wall seconds per stage, waiting for boards and trainers kept apart (`*_wait`).
        started_at, ended_at: seconds since the epoch.
    """

    candidate_id: str
    config: dict[str, Any]
    outcome: Outcome
    started_at: float
    ended_at: float
    screening: tuple[Measurement, ...] = ()
    epochs: tuple[EpochResult, ...] = ()
    verification: Verification | None = None
    stage_s: dict[str, float] | None = None

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """The figures to report, one per board type: the trained image's where there is one."""
        verified = self.verification.measurements if self.verification else ()
        boards = {measurement.board for measurement in verified}
        return (*verified, *(measurement for measurement in self.screening if measurement.board not in boards))

    @property
    def was_trained(self) -> bool:
        """Whether the network kept its budgets untrained, so that a trainer was spent on it."""
        return bool(self.epochs) or self.outcome.status in (Status.DEPLOYABLE, Status.STOPPED, Status.DIVERGED)

    @property
    def accuracy(self) -> float | None:
        """int8 validation accuracy, or the best float one where the candidate never got that far."""
        if self.verification is not None:
            return self.verification.int8_val_accuracy
        return max((epoch.val_accuracy for epoch in self.epochs), default=None)
