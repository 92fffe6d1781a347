"""Do without a kernel that hardly runs: flash for code counts too."""

from orchestrator.compiler.step import Step

NEGLIGIBLE_SHARE = 1 / 64
"""Of all multiply-accumulates: what a slower kernel may take over."""


def fewer_kernels(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Give the steps with those replaced whose work another kernel of the network does as well, in its memory."""
    replaceable = [step for step in steps if step.otherwise is not None]
    if sum(step.macs for step in replaceable) > NEGLIGIBLE_SHARE * sum(step.macs for step in steps):
        return steps
    scratch_of: dict[str, int] = {}
    for step in steps:
        if step.kernel and step.otherwise is None:
            scratch_of[step.kernel] = max(scratch_of.get(step.kernel, 0), step.scratch_bytes)
    others = [step.otherwise for step in steps if step.otherwise is not None]
    if any(other.scratch_bytes > scratch_of.get(other.kernel, -1) for other in others):
        return steps
    return tuple(step.otherwise or step for step in steps)
