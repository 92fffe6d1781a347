"""What the search is told of a candidate.

Constraints are the budgets, each by its name and its violation: relative to the limit, > 0 where it is broken. Two
more are always there, so that what could not even be measured teaches something:

    memories    KiB by which the image does not link
    network     1 where the point describes no valid network
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby

from orchestrator.domain.budget import Bound, Margin, Quantity, name_of
from orchestrator.domain.candidate import CandidateRecord
from orchestrator.domain.deployability import Fit
from orchestrator.domain.outcome import Outcome, Status

AT_LEAST = f"_{Bound.AT_LEAST.value}"
"""Ends the name of a budget that is a lower limit."""

MEMORIES = "memories"
NETWORK = "network"

ONLY_LIMITS = frozenset({MEMORIES, NETWORK, *(name_of(quantity, Bound.AT_LEAST) for quantity in Quantity)})
"""Constraints that are kept or broken, but that nobody wants to see as small as can be."""

LOSS_DIVERGED = 1.0


@dataclass(frozen=True)
class BoardCosts:
    """What a network takes of one board type.

    Attributes:
        shares: of each budget, by constraint: what was measured / the limit, be it an upper or a lower one.
        layers: operator and cycles of each, in the order in which they run.
    """

    board: str
    shares: dict[str, float]
    layers: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Observation:
    """How a candidate did.

    Attributes:
        loss: error rate in [0, 1]; 1 if training diverged; None if there was none.
        violations: by constraint; <= 0: it holds.
        epoch_losses: validation error rate after each epoch.
        stopped: the scheduler ended the training after the last of these epochs.
        costs: what stands behind the violations, for each board type on which it was measured.
    """

    loss: float | None
    violations: dict[str, float] = field(default_factory=dict)
    epoch_losses: tuple[float, ...] = ()
    stopped: bool = False
    costs: tuple[BoardCosts, ...] = ()

    @property
    def fits(self) -> bool:
        return all(violation <= 0.0 for violation in self.violations.values())


def observation_of(record: CandidateRecord, fit: Fit = Fit.ALL) -> Observation | None:
    """Give the observation, or None for a failure of the infrastructure: that says nothing about the network.

    Args:
        fit: on which of several boards the budgets must hold: of ALL, the worst counts per budget; of ANY, the nearest.
    """
    status = record.outcome.status
    if not status.teaches:
        return None
    if status is Status.INVALID:
        return Observation(None, {NETWORK: 1.0})
    violations = {NETWORK: 0.0, **_violations(record.outcome, fit)}
    epoch_losses = tuple(1.0 - epoch.val_accuracy for epoch in record.epochs)
    return Observation(_loss_of(record), violations, epoch_losses, status is Status.STOPPED, _costs(record))


def _costs(record: CandidateRecord) -> tuple[BoardCosts, ...]:
    layers = {
        each.board: tuple((layer.operator, layer.cycles) for layer in each.layers) for each in record.measurements
    }
    shares: dict[str, dict[str, float]] = {}
    for margin in record.outcome.margins:
        shares.setdefault(margin.board, {})[margin.name] = margin.value / margin.limit
    return tuple(BoardCosts(board, each, layers.get(board, ())) for board, each in shares.items())


def _loss_of(record: CandidateRecord) -> float | None:
    if record.outcome.status is Status.DIVERGED:
        return LOSS_DIVERGED
    return None if record.accuracy is None else 1.0 - record.accuracy


def _violations(outcome: Outcome, fit: Fit) -> dict[str, float]:
    """Give the violation of each budget, and of the memories."""
    missing_bytes: dict[str, int] = {}
    for shortage in outcome.shortages:
        missing_bytes[shortage.board] = missing_bytes.get(shortage.board, 0) + shortage.missing_bytes
    boards = [tuple(margins) for _, margins in groupby(outcome.margins, key=lambda margin: margin.board)]
    if fit is Fit.ALL:
        return {MEMORIES: max(missing_bytes.values(), default=0) / 1024, **_worst(outcome.margins)}
    if not boards:
        return {MEMORIES: min(missing_bytes.values(), default=0) / 1024}
    return {MEMORIES: 0.0, **_worst(min(boards, key=_excess))}


def _worst(margins: Iterable[Margin]) -> dict[str, float]:
    worst: dict[str, float] = {}
    for margin in margins:
        worst[margin.name] = max(margin.violation, worst.get(margin.name, margin.violation))
    return worst


def _excess(margins: Iterable[Margin]) -> float:
    return sum(max(0.0, margin.violation) for margin in margins)
