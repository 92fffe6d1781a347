"""One number for algorithms that know no constraints, smaller is better.

A network that was trained scores its error rate, in [0, 1]. What could not be deployed scores 1 and more, ordered
by how far away it was, so that the search is drawn back towards the feasible region:

    1 + v / (1 + v)   over budget, v being the sum of relative excesses: in (1, 2)
    2                 does not link into the board's memories at all
    3                 describes no valid network

A candidate whose training diverged counts as having learned nothing (1). One that the scheduler stopped early
scores the accuracy it had reached.
"""

from orchestrator.search.observation import LOSS_DIVERGED, MEMORIES, NETWORK, Observation

LOSS_DOES_NOT_LINK = 2.0
LOSS_INVALID = 3.0


def penalised_loss(observation: Observation) -> float:
    """Give the loss, with a penalty by violation for what does not fit."""
    violations = observation.violations
    if violations.get(NETWORK, 0.0) > 0.0:
        return LOSS_INVALID
    if violations.get(MEMORIES, 0.0) > 0.0:
        return LOSS_DOES_NOT_LINK
    if not observation.fits:
        excess = sum(max(0.0, violation) for violation in violations.values())
        return 1.0 + excess / (1.0 + excess)
    return LOSS_DIVERGED if observation.loss is None else observation.loss
