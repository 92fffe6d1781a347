"""What the search is told of a candidate: one number, smaller is better, or nothing at all.

A network that was trained scores its error rate, in [0, 1]. What could not be deployed scores 1 and more, ordered
by how far away it was, so that the search is drawn back towards the feasible region:

    1 + v / (1 + v)   over budget, v being the sum of relative excesses: in (1, 2)
    2                 does not link into the board's memories at all
    3                 describes no valid network

A candidate whose training diverged counts as having learned nothing (1). One that the scheduler stopped early
scores the accuracy it had reached.
"""

from orchestrator.domain.candidate import CandidateRecord
from orchestrator.domain.outcome import Status

LOSS_DIVERGED = 1.0
LOSS_DOES_NOT_LINK = 2.0
LOSS_INVALID = 3.0


def loss_of(record: CandidateRecord) -> float | None:
    """Give the loss, or None for a failure of the infrastructure: that says nothing about the network."""
    outcome = record.outcome
    if not outcome.status.teaches:
        return None
    if outcome.status is Status.INVALID:
        return LOSS_INVALID
    if outcome.status is Status.INFEASIBLE:
        return _loss_of_infeasible(outcome.violation) if outcome.margins else LOSS_DOES_NOT_LINK
    if outcome.status is Status.DIVERGED or record.accuracy is None:
        return LOSS_DIVERGED
    return 1.0 - record.accuracy


def _loss_of_infeasible(violation: float) -> float:
    return 1.0 + violation / (1.0 + violation)
