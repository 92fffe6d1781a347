from orchestrator.device.deadline import Deadline


def test_a_deadline_counts_down_and_never_below_zero() -> None:
    now = [100.0]
    deadline = Deadline(2.0, clock=lambda: now[0])
    assert deadline.remaining == 2.0
    now[0] += 1.5
    assert deadline.remaining == 0.5
    assert not deadline.expired
    now[0] += 10.0
    assert deadline.remaining == 0.0
    assert deadline.expired
